"""What the simulated world takes for granted, number by number, each with its reason.

Nothing here was measured on this project's customers. The probabilities were written down before our policy had been
tried in them; prices, the budget, the size of the company and how our policy learns were settled afterwards, the last
two on other seeds than those that are reported. Log-odds
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

from churn_model.rules import ValueRule

Coefficients = Mapping[str, float]

VALUE = ValueRule(column="MonthlyCharges", months=24, margin=0.4, discount_rate=0.1, retention=(0.97,))
BUDGET = 5.0
CUSTOMERS = 400_000
HISTORY = 30_000
WAVES = (6_000, 6_000, 6_000)
HIGHEST_ACCEPTANCE = 0.43


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

_COSTS = ", ".join(f"{action.cost:.0f} ({action.id})" for action in ACTIONS)
_VALUE = (
    f"{VALUE.factor:.2f} monthly bills: {VALUE.months:.0f} months at a margin of {VALUE.margin:.0%}, 3% of the "
    f"customers leaving each month, discounted by {VALUE.discount_rate:.0%} a year"
)
ASSUMPTIONS = (
    "Customers: simulated as the telecom use case describes them; about a quarter would leave by themselves.",
    "Actions: keep some would-be leavers and drive some would-be stayers away, depending on features.",
    "How many: on average what Verbraken et al. (2013) and Ascarza et al. (2016) found, or less.",
    f"Value of a kept customer: {_VALUE}.",
    f"Costs per customer contacted, accepted or not: {_COSTS}.",
    f"Known before: who left among {HISTORY} earlier customers whom nobody had contacted.",
    "Features: hold all that churn and effects depend on, the rest is chance; real companies see less.",
    "Waves and rounds: effects are the same later in the campaign, and nobody leaves in between.",
    f"Acceptance: our policy tries no action where keeping {HIGHEST_ACCEPTANCE:.0%} of the leavers would not pay.",
    "Chance, risk, risk × value: are given, with hindsight, the one action that earns them most.",
)
