"""Whether an experiment can be believed: were customers dealt as planned, and did outcomes go missing alike?

It must not know files or what the outcome is.
"""

import math
from collections.abc import Mapping, Sequence

from scipy.stats import chi2_contingency, chisquare

ALARM = 0.001
"""A check that every experiment passes through must rarely cry wolf (Fabijan et al. 2019, KDD, "Diagnosing Sample Ratio
Mismatch in Online Controlled Experiments", use 0.0005 to 0.01)."""

ATTRITION_ALARM = 0.01
"""Here a warning too many does less harm than one too few."""

_FEW = 5.0


def sample_ratio_p_value(sizes: Mapping[str, int], shares: Mapping[str, float]) -> float:
    """How often chance alone deals at least as unevenly as this: chi-square test of the arms' sizes against their
    shares (both arm to number; an arm of `shares` that has no size has size 0). 1 where nobody was dealt."""
    total = sum(sizes.values())
    if total == 0:
        return 1.0
    seen = [sizes.get(arm, 0) for arm in shares]
    whole = math.fsum(shares.values())
    return float(chisquare(seen, [total * share / whole for share in shares.values()]).pvalue)


def attrition_p_value(assigned: Sequence[int], known: Sequence[int]) -> float:
    """How often chance alone spreads missing outcomes at least as unevenly over the arms: chi-square test of missing
    against known. 1 where all or none are missing, or so few that the test says nothing."""
    missing = [whole - part for whole, part in zip(assigned, known, strict=True)]
    share = sum(missing) / sum(assigned)
    if min(share, 1.0 - share) * min(assigned) < _FEW:
        return 1.0
    return float(chi2_contingency([missing, list(known)], correction=False).pvalue)
