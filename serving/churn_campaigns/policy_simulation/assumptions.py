"""What the simulated world takes for granted, number by number, each with its reason.

Nothing here was measured on this project's customers. The probabilities were written down before any policy had been
tried in them; prices and the budget were settled afterwards, on other seeds than those that are reported. Log-odds
below are sums of signals; `world` turns them into probabilities.

Where the numbers come from:
- features: the telecom use case, whose shares follow IBM's public "Telco Customer Churn" sample;
- churn: about a quarter of the customers, as in that sample;
- how many would-be leavers accept an offer: Verbraken et al. (2013) take Beta(6, 14), mean 0.30, for telecom; the three
  actions have about 0.34, 0.16 and 0.13 on average, from hardly anybody to more than half by customer;
- contact drives some away: in the field experiment of Ascarza, Iyengar and Schleicher (2016) 10 % of the customers who
  were called on to change their plan left, 6 % of the others; here 5, 3 and 2 in a hundred stayers on average;
- risk is not response: in two field experiments (Ascarza 2018) the customers of highest risk were not the best targets;
  here those of the highest risk (newcomers, and fibre customers who pay by electronic check) accept least, and the
  latter are also driven away most.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from churn_model.rules import ActionRule, ValueRule
from churn_model.usecase import load_usecase

Coefficients = Mapping[str, float]

VALUE = ValueRule(column="MonthlyCharges", months=24, margin=0.4, discount_rate=0.1, retention=(0.97,))
BUDGET = 5.0
HISTORY = 30_000
TRIAL_SHARE = 0.1
"""Of the budget, at most, for the trial."""
TRIAL_HOLDOUT = 0.3
ALPHA = 0.05
HIDDEN = 0.25
"""Share of what churn and effects depend on that a company does not see, in worlds where it does not see all."""
GONE = 0.25
"""Share of would-be leavers who are gone when outcomes have taken three of the twelve months in which they leave."""
SIZES = (5_000, 20_000, 50_000, 100_000, 200_000, 400_000, 1_000_000)


@dataclass(frozen=True)
class SimulatedAction:
    """An action of the simulated world: cost per customer contacted, log-odds that a would-be leaver accepts it and
    that a would-be stayer is driven away by it."""

    id: str
    name: str
    cost: float
    accept: Coefficients
    disturb: Coefficients


CHURN: Coefficients = {
    "one": -2.1, "month to month": 0.9, "one year": -0.7, "two years": -1.6, "newcomer": 1.6, "months": -0.012,
    "fibre": 0.75, "no internet": -0.9, "electronic check": 0.35, "paperless": 0.2, "senior": 0.2, "no support": 0.25,
    "no security": 0.25, "dependants": -0.2, "bill above 65": 0.006, "fibre by check, month to month": 0.6,
}  # fmt: skip

ACTIONS = (
    SimulatedAction(
        "yearly-contract",
        "One month free with a one-year contract",
        30.0,
        {"one": -1.2, "month to month": 0.9, "partner": 0.7, "newcomer": -2.2, "fibre by check": -1.2, "dsl": 0.8,
         "senior": -0.5},
        {"one": -4.2, "one year": 1.0, "two years": 1.2, "automatic payment": 0.6, "fibre by check": 1.6},
    ),
    SimulatedAction(
        "tech-support",
        "Two months of technical support for free",
        15.0,
        {"one": -3.0, "fibre without support": 2.6, "senior": 0.9, "electronic check": -1.5, "newcomer": -1.2},
        {"one": -5.0, "no internet": 1.2, "after 50 months": 0.7, "fibre by check": 1.5},
    ),
    SimulatedAction(
        "personal-call",
        "A call by a customer adviser",
        8.0,
        {"one": -1.8, "senior": 1.5, "dependants": 1.0, "paperless": -1.5, "after 24 months": 0.7,
         "bill above 90": -0.7},
        {"one": -4.6, "paperless and automatic": 1.4, "after 48 months": 0.9, "senior": -0.5, "newcomer": 1.4},
    ),
)  # fmt: skip

WHAT_ACTIONS_SAY = tuple(
    ActionRule(action.id, action.name, action.cost, effect=said.effect)
    for action in ACTIONS
    for said in load_usecase("telecom").actions
    if said.id == action.id
)
"""The actions as the company's use case has them: what telecom.yaml assumes of each, before any campaign."""

_COSTS = ", ".join(f"{action.cost:.0f} ({action.id})" for action in ACTIONS)
_SAID = ", ".join(f"{action.effect:.0%} ({action.id})" for action in WHAT_ACTIONS_SAY)
ASSUMPTIONS = (
    ("customers", "simulated as the telecom use case describes them; about a quarter would leave by themselves"),
    ("actions", "keep some would-be leavers and drive some would-be stayers away, depending on features"),
    ("how many", ("0.34, 0.13 and 0.16 of the leavers kept, 0.05, 0.02 and 0.03 of the stayers driven away, on "
     "average: what Verbraken et al. (2013) and Ascarza et al. (2016) found, or less")),
    ("what a kept customer is worth", (f"{VALUE.factor:.2f} monthly bills: {VALUE.months:.0f} months at a "
     f"margin of {VALUE.margin:.0%}, 3 % leaving each month, discounted by {VALUE.discount_rate:.0%} a year")),
    ("costs", f"for each customer contacted, accepted or not: {_COSTS}"),
    ("budget", f"{BUDGET:g} for each customer of the company"),
    ("known before", f"who left among {HISTORY} earlier customers whom nobody had contacted"),
    ("assumed effects", f"those of telecom.yaml: of the leavers {_SAID}"),
    ("trial", (f"at most {TRIAL_SHARE:.0%} of the budget, {TRIAL_HOLDOUT:.0%} held out; only where it can show, "
     "with a power of 80 %, the effect that is assumed, and where what it teaches is expected to be worth more than it "
     "and waiting for it cost, if actions keep what is assumed, give or take half")),
    ("features", f"hold all that churn and effects depend on; with hidden drivers {HIDDEN:.0%} of them are not seen"),
    ("time", (f"effects stay the same; where outcomes take three months, {GONE:.0%} of the would-be leavers who "
     "were not in the trial are gone before the campaign, otherwise nobody")),
    ("second family", ("customers respond as the nearest of 40 imagined ones, behind thresholds; what they pay has "
     "a heavy tail (Pareto, exponent 2.5); developed on other worlds of it than those reported")),
    ("rivals", "chance, risk, risk × value are given, with hindsight, the one action that earns them most"),
)  # fmt: skip


def assumption_table() -> str:
    """Everything that is assumed, as Markdown: the one table of documents and reports."""
    rows = [f"| {what} | {assumed} |" for what, assumed in ASSUMPTIONS]
    return "\n".join(["| assumed | |", "|---|---|", *rows])
