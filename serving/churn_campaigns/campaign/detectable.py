"""The smallest effect that a plan can show, said before it is frozen.

An experiment that cannot show what it hopes for is better known as such beforehand. It must not know outcomes.
"""

from dataclasses import dataclass

import numpy
from scipy.stats import norm

from churn_campaigns.campaign.customers import Customers
from churn_campaigns.campaign.plan import CampaignPlan
from churn_campaigns.campaign.problem import NOTHING
from churn_campaigns.experiment.boundaries import inflation

POWER = 0.8


@dataclass(frozen=True)
class Detectable:
    """``absolute``: reduction of churn probability, on average over those treated, that the plan shows with probability
    ``power``; ``relative``: to their churn; ``money``: what it would keep; ``expected``: the reduction that the plan
    counts on; ``treated`` and ``control``: customers."""

    absolute: float
    relative: float
    money: float
    expected: float
    power: float
    treated: int
    control: int


def detectable(plan: CampaignPlan, customers: Customers, alpha: float, looks: int) -> Detectable | None:
    """What a plan with a holdout can show; None where somebody to compare is missing.

    What churn probabilities foresee is taken out of the noise, as reading does; what several looks cost is counted as
    customers who are not there. Normal approximation.
    """
    chance = customers.probability
    variance, treated_all, control_all = 0.0, 0, 0
    for action in range(len(plan.actions)):
        planned = plan.planned.choice == action
        treated, control = planned & ~plan.held_out, planned & plan.held_out
        if treated.sum() < 2 or control.sum() < 2:  # noqa: PLR2004 - a spread needs two
            continue
        noise = float((chance[planned] * (1.0 - chance[planned])).mean())
        weight = int(treated.sum())
        variance += weight**2 * noise * (1.0 / weight + 1.0 / int(control.sum()))
        treated_all, control_all = treated_all + weight, control_all + int(control.sum())
    if not treated_all:
        return None
    certain = float(norm.isf(alpha / 2.0) + norm.ppf(POWER))
    absolute = certain * float(numpy.sqrt(variance * inflation(looks, alpha, POWER))) / treated_all
    done = plan.choice != NOTHING
    return Detectable(
        absolute=absolute,
        relative=absolute / float(chance[done].mean()),
        money=absolute * float(customers.value[done].sum()),
        expected=float(plan.taken(plan.offers.effect)[done].mean()),
        power=POWER,
        treated=treated_all,
        control=control_all,
    )


def detectable_line(found: Detectable | None) -> str:
    """The smallest effect in a sentence."""
    if found is None:
        return "nothing can be shown by this plan: too few customers are treated or held out"
    next_step = ""
    if found.absolute > found.expected:
        next_step = "; so it will probably show nothing: contact more customers, or hold more out"
    return (
        f"the smallest effect that this plan can show (power {found.power:.0%}): {100 * found.absolute:.2f} percentage "
        f"points, {found.relative:.0%} of their churn, {found.money:.2f} in money; it counts on "
        f"{100 * found.expected:.2f}, with {found.treated} customers treated and {found.control} held out{next_step}"
    )
