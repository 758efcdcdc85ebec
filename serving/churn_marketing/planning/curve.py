"""Profit against budget: what the best campaign of each budget brings, from nothing to where more money brings no more.

Worked out once for a ground and a filter, and kept: it leaves aside other open campaigns and the holdout, which the
plan beside it does not. It must not know plans.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import msgspec
import numpy

from churn_campaigns.campaign.allocation import allocate
from churn_campaigns.campaign.customers import Customers
from churn_campaigns.campaign.eligibility import offers
from churn_campaigns.campaign.problem import NOTHING
from churn_data.written_files import whole_file
from churn_marketing.planning.ground import Ground
from churn_marketing.planning.net_range import net_range
from churn_marketing.planning.terms import Terms
from churn_model.rules import ActionRule

POINTS = 12


def curve_name(terms: Terms) -> str:
    """A short name of what the curve hangs on."""
    about = (sorted(terms.capacities.items()), terms.segments, terms.risks, terms.minimum_value, terms.proven_only)
    return f"curve-{hashlib.sha256(repr(about).encode()).hexdigest()[:16]}.json"


def read_curve(ground: Ground, terms: Terms) -> dict[str, Any] | None:
    """The curve, if it was worked out."""
    try:
        found: dict[str, Any] = msgspec.json.decode((ground.prepared / curve_name(terms)).read_bytes())
    except FileNotFoundError:
        return None
    return found


def make_curve(ground: Ground, terms: Terms, inside: Customers, actions: Sequence[ActionRule]) -> None:
    """Work out the curve of customers who are inside the filter, and keep it."""
    content = msgspec.json.encode({"points": _points(terms, inside, actions), "customers": len(inside)})
    with whole_file(ground.prepared / curve_name(terms)) as temporary:
        temporary.write_bytes(content)


def _points(terms: Terms, inside: Customers, actions: Sequence[ActionRule]) -> list[dict[str, float]]:
    """Budgets lie closer together where they are small, for there the curve bends."""
    points = [{"budget": 0.0, "cost": 0.0, "contacted": 0, **asdict(net_range(inside, actions, _nothing(inside)))}]
    if not len(inside):
        return points
    net = offers(inside, actions, proven_only=terms.proven_only).net
    cost = numpy.array([action.cost for action in actions])
    capacity = terms.order(actions, "", frozenset()).capacity
    everybody = allocate(net, cost, numpy.inf, capacity)
    for step in range(1, POINTS + 1):
        budget = everybody.cost * (step / POINTS) ** 2
        choice = everybody.choice if step == POINTS else allocate(net, cost, budget, capacity).choice
        prices = numpy.append(cost, 0.0)
        points.append({
            "budget": budget,
            "cost": float(prices[choice].sum()),
            "contacted": int((choice != NOTHING).sum()),
            **asdict(net_range(inside, actions, choice)),
        })  # fmt: skip
    return points


def _nothing(inside: Customers) -> numpy.ndarray:
    return numpy.full(len(inside), NOTHING)
