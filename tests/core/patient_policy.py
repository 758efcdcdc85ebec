"""The decision path's numbers for tests that are not about time: what an idle machine does in microseconds may take a
busy one longer than all that the product gives a request.

Tests of times have the product's numbers: in virtual time, or because they ask for them by name.
"""

import dataclasses

from churn_serving.core.policy import DecisionPolicy

SHIPPED = DecisionPolicy()
PATIENT = dataclasses.replace(
    SHIPPED,
    try_seconds=60.0,
    deadline_seconds=120.0,
    explain_seconds=60.0,
    large=dataclasses.replace(SHIPPED.large, try_seconds=90.0),
)
"""Sizes, counts and the breaker as shipped, minutes instead of tenths of a second."""
