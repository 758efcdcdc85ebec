"""Who is contacted, and who gets offers of which worth, in each group that the use case names.

A plan follows value and effect; whether that falls on some groups more than on others is for people to judge, so it is
said. It must not decide anything.
"""

from typing import Any

import numpy
from scipy.stats import binomtest, norm

from churn_campaigns.campaign.customers import Customers
from churn_campaigns.campaign.plan import CampaignPlan
from churn_campaigns.campaign.problem import NOTHING

LEVEL = 0.95
_FEWEST = 2  # a spread needs two

Array = numpy.ndarray


def group_shares(customers: Customers, plan: CampaignPlan) -> dict[str, list[dict[str, Any]]]:
    """By feature, for each group: customers; the share that is contacted, from 0 to 1; what their actions cost, for
    each customer of the group; both with 95 % intervals (Wilson 1927; normal, None of a single customer)."""
    prices = numpy.array([*(action.cost for action in plan.actions), 0.0])[plan.choice]
    contacted = plan.choice != NOTHING
    found = {}
    for feature, cells in customers.groups.items():
        names, codes = numpy.unique(cells.astype(str), return_inverse=True)
        found[feature] = [
            {"group": str(name), **_shares(contacted[codes == code], prices[codes == code])}
            for code, name in enumerate(names)
        ]
    return found


def group_lines(groups: dict[str, list[dict[str, Any]]]) -> list[str]:
    """A line a group."""
    return [_line(feature, each) for feature, own in groups.items() for each in own]


def _line(feature: str, group: dict[str, Any]) -> str:
    low, high = (_percent(bound) for bound in group["contacted_interval"])
    line = f"{feature} {group['group']}: {group['customers']} customers, {_percent(group['contacted'])} contacted "
    line += f"[{low}, {high}], {group['spent']:.2f} spent on each"
    known = group["spent_interval"]
    return line if known is None else f"{line} [{known[0]:.2f}, {known[1]:.2f}]"


def _shares(contacted: Array, spent: Array) -> dict[str, Any]:
    count = len(contacted)
    share = binomtest(int(contacted.sum()), count).proportion_ci(LEVEL, "wilson")
    mean, interval = float(spent.mean()), None
    if count >= _FEWEST:
        reach = float(norm.ppf(0.5 + LEVEL / 2.0) * spent.std(ddof=1) / numpy.sqrt(count))
        interval = [max(0.0, mean - reach), mean + reach]
    return {
        "customers": count,
        "contacted": float(contacted.mean()),
        "contacted_interval": [float(share.low), float(share.high)],
        "spent": mean,
        "spent_interval": interval,
    }


def _percent(share: float) -> str:
    return f"{100.0 * share:.1f} %"
