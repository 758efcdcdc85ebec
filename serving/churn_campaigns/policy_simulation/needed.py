"""How many real customers would show what the simulation found, or not.

A simulation shows that a plan can work under its assumptions; only an experiment shows that it does.
"""

from typing import Any

from churn_campaigns.experiment.power import Goal, make_plan
from churn_campaigns.policy_simulation.study import OURS, Study


def customers_to_confirm(study: Study) -> dict[str, Any] | None:
    """Base rate, relative reduction and customers in each of two arms, of whom one is treated as our policy says: two-
    sided 5 %, power 80 %. None where ours does not lower churn."""
    reduction = study.estimate(OURS, "reduction").mean
    base_rate = sum(seed.churn_rate for seed in study.seeds) / len(study.seeds)
    if reduction <= 0.0:
        return None
    size = make_plan(Goal(base_rate=base_rate), reduction=reduction).size
    return None if size is None else {"base_rate": base_rate, "reduction": reduction, "per_arm": size.treatment}
