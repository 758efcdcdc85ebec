"""The economics by which models are compared, as far as a use case leaves them to its own actions and values.

So that a model is chosen for the very money that decisions count with. It must not know customers or models.
"""

import math
from collections.abc import Sequence

import msgspec

from churn_model.alike import meant
from churn_model.errors import UseCaseError
from churn_model.rules import EVER, ActionRule, Label, ProfitRule, ProfitStatement, TimeRule, ValueRule

CERTAINTY = 20.0
"""alpha + beta of the distribution around an action's effect, as sure as Beta(6, 14) of Verbraken et al. (2013)."""
SHORTEST_WINDOW = 0.01
"""Months that a label looks back at least, some seven hours: nobody is seen leaving in no time at all."""


def profit_rule(stated: ProfitStatement, actions: Sequence[ActionRule]) -> ProfitRule:
    """What is stated, the costs and the effect of the action that it names, and the usual for the rest."""
    said = {
        key: value for key, value in msgspec.structs.asdict(stated).items() if key != "action" and value is not None
    }
    for action in actions:
        if action.id == stated.action:
            alpha = CERTAINTY * action.effect
            said |= {"offer_cost": action.offer, "contact_cost": action.contact}
            said |= {"acceptance_alpha": alpha, "acceptance_beta": CERTAINTY - alpha}
    return ProfitRule(**said)


def check_window(label: Label, time: TimeRule | None, source: str) -> None:
    """Hold the window of a label, over which what keeping is worth is counted, against what it may be.

    Raises:
        UseCaseError: one line that names the file and the key.
    """
    window = label.window
    if isinstance(window, (int, float)) and not 0 < window < math.inf:
        raise UseCaseError(f"{source}: `label.window` must be above 0 (or `{EVER}`), is {window:g}")
    if isinstance(window, (int, float)) and time is not None and window * time.months < SHORTEST_WINDOW:
        problem = f"is {window:g}, {window * time.months:g} months; at least {SHORTEST_WINDOW:g} months were expected"
        raise UseCaseError(f"{source}: `label.window` {problem}, in the units of `time.column`")


def check_value(value: ValueRule, source: str) -> None:
    """Hold what is said of a customer's value against what it may be.

    Raises:
        UseCaseError: one line that names the file and the key.
    """
    if value.months <= 0 or value.margin <= 0:
        raise UseCaseError(f"{source}: `value.months` and `value.margin` must be above 0")
    if value.margin > 1:
        problem = (
            f"is a share of what `{value.column}` holds, above 0 and at most 1 (0.4 for 40 %), is {value.margin:g}"
        )
        raise UseCaseError(f"{source}: `value.margin` {problem}")
    if not 0 <= value.discount_rate < 1:
        raise UseCaseError(f"{source}: `value.discount_rate` is a share a year, 0 to 1, is {value.discount_rate:g}")
    for index, (before, share) in enumerate(zip((1.0, *value.retention), value.retention, strict=False)):
        if not 0 <= share <= before:
            problem = f"must fall from 1 towards 0, is {share:g} after {before:g}"
            raise UseCaseError(f"{source}: `value.retention[{index}]` {problem}")


def check_money(stated: ProfitStatement, actions: Sequence[ActionRule], source: str) -> None:
    """Hold costs against each other, and the economics of a campaign against the actions.

    Raises:
        UseCaseError: one line that names the file and the key.
    """
    for index, action in enumerate(actions):
        if action.contact_cost is not None and not 0 <= action.contact_cost <= action.cost:
            problem = f"is a part of `cost`, 0 to {action.cost:g}, is {action.contact_cost:g}"
            raise UseCaseError(f"{source}: `actions[{index}]` ({action.id}): `contact_cost` {problem}")
    if not stated.action:
        return
    named = next((action for action in actions if action.id == stated.action), None)
    if named is None:
        problem = f"is none of the actions{meant(stated.action, (action.id for action in actions))}"
        raise UseCaseError(f"{source}: `profit.action` {stated.action[:40]!r} {problem}")
    if not 0 < named.effect < 1:
        problem = f"needs an effect above 0 and below 1, {named.id} has {named.effect:g}"
        raise UseCaseError(f"{source}: `profit.action` {problem}")
    for key in ("offer_cost", "contact_cost", "acceptance_alpha", "acceptance_beta"):
        if getattr(stated, key) is not None:
            raise UseCaseError(f"{source}: `profit.{key}` is said by `profit.action` too, one of the two was expected")
