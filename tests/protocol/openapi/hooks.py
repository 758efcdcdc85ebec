"""What a document cannot say of sound requests: no customer comes twice, and reasons are for few at a time.

Loaded by schemathesis itself, so it knows nothing of the tests.
"""

from typing import Any

import schemathesis

MOST_EXPLAINED = 32


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:  # noqa: ARG001 - the hook's signature
    if case.meta is None or not case.meta.generation.mode.is_positive or not isinstance(case.body, dict):
        return
    customers = case.body.get("customers")
    if not isinstance(customers, list):
        return
    numbered = [{**one, "customer_id": f"{number}{one['customer_id']}"[:128]} for number, one in enumerate(customers)]
    changed = {**case.body, "customers": numbered}
    if len(customers) > MOST_EXPLAINED:
        changed.pop("explain", None)
    case.body = changed
