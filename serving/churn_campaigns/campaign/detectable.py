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


@dataclass(frozen=True)
class Compared:
    """Customers of one planned action (its position): how many of them are ``treated`` and ``control``, their mean
    churn ``risk``, and the ``variance`` of the difference between both arms' churn, less what probabilities foresee."""

    action: int
    treated: int
    control: int
    risk: float
    variance: float


def compared(plan: CampaignPlan, customers: Customers) -> list[Compared]:
    """What the arms of each planned action hold, without those of fewer than two customers."""
    found = []
    for action in range(len(plan.actions)):
        planned = plan.planned.choice == action
        treated, control = int((planned & ~plan.held_out).sum()), int((planned & plan.held_out).sum())
        if treated < 2 or control < 2:  # noqa: PLR2004 - a spread needs two
            continue
        chance = customers.probability[planned]
        noise = float((chance * (1.0 - chance)).mean())
        variance = noise * (1.0 / treated + 1.0 / control)
        found.append(Compared(action, treated, control, float(chance.mean()), variance))
    return found


def detectable(plan: CampaignPlan, customers: Customers, alpha: float, looks: int) -> Detectable | None:
    """What a plan with a holdout can show; None where somebody to compare is missing.

    What churn probabilities foresee is taken out of the noise, as reading does; what several looks cost is counted as
    customers who are not there. Normal approximation.
    """
    arms = compared(plan, customers)
    treated = sum(arm.treated for arm in arms)
    if not treated:
        return None
    variance = sum(arm.treated**2 * arm.variance for arm in arms)
    certain = float(norm.isf(alpha / 2.0) + norm.ppf(POWER))
    absolute = certain * float(numpy.sqrt(variance * inflation(looks, alpha, POWER))) / treated
    done = plan.choice != NOTHING
    return Detectable(
        absolute=absolute,
        relative=absolute / float(customers.probability[done].mean()),
        money=absolute * float(customers.value[done].sum()),
        expected=float(plan.taken(plan.offers.effect)[done].mean()),
        power=POWER,
        treated=treated,
        control=sum(arm.control for arm in arms),
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
