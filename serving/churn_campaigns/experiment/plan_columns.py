"""The columns by which a campaign's plan is an experiment too.

What a campaign writes and what reads its results meet here. It must not know how plans come about.
"""

ID = "id"
ACTION, ARM, PLANNED, PROPENSITY = "action", "arm", "planned_action", "propensity"
"""What is done; the arm (an action, ``control`` or ``none``); what was planned, which those held out would have got;
with which probability (0 to 1) those for whom it was planned get it."""
USECASE, PLANNED_ON, SALT_ID = "usecase", "planned_on", "salt_id"
SCORE, VALUE, COST = "churn_probability", "value", "planned_cost"
"""What was known before: churn probability, money lost when the customer leaves, what the planned action costs."""
NO_ACTION = "none"
TEXTS = (ID, ARM, PLANNED, USECASE, PLANNED_ON, SALT_ID)
NUMBERS = (PROPENSITY, SCORE, VALUE, COST)
DECIMALS = 9
"""Of the churn probability: a spreadsheet shows no more, and saves what it shows."""
