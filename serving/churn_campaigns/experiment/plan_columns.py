"""The columns by which a campaign's plan is an experiment too, and what tells that a row was edited by hand.

What a campaign writes and what reads its results meet here. It must not know how plans come about.
"""

import hashlib

ID = "id"
ACTION, ARM, PLANNED, PROPENSITY = "action", "arm", "planned_action", "propensity"
"""What is done; the arm (an action, ``control`` or ``none``); what was planned, which those held out would have got;
with which probability (0 to 1) those for whom it was planned get it."""
USECASE, PLANNED_ON, SALT_ID = "usecase", "planned_on", "salt_id"
SCORE, VALUE, COST = "churn_probability", "value", "planned_cost"
"""What was known before: churn probability, money lost when the customer leaves, what the planned action costs."""
ROW_CHECK = "row_check"
NO_ACTION = "none"
TEXTS = (ID, ARM, PLANNED, USECASE, PLANNED_ON, SALT_ID)
NUMBERS = (PROPENSITY, SCORE, VALUE, COST)
_DIGITS = 12


def row_check(texts: tuple[str, ...], numbers: tuple[float | None, ...]) -> str:
    """Twelve hexadecimal digits that are others when any of the cells :data:`TEXTS` and :data:`NUMBERS` is (None: an
    empty one), numbers as far as six digits after the point: a spreadsheet may have rounded them."""
    written = (*texts, *("" if number is None else f"{number + 0.0:.6f}" for number in numbers))
    return hashlib.sha256("\x1f".join(written).encode()).hexdigest()[:_DIGITS]
