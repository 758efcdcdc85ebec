"""Which arm of an experiment a customer belongs to: a salted hash, the same answer everywhere and for ever.

No list has to be kept, so whoever knows the salt can tell who is held out: a campaign, a gateway, an audit years later.
It must not know files, models or anything about a customer but the id.
"""

import math
from collections.abc import Mapping
from functools import lru_cache

from churn_model.holdout import position

CONTROL = "control"
"""The arm that gets nothing new."""


def in_holdout(salt: str, customer_id: str, share: float) -> bool:
    """Whether the customer is among the `share` (0 to 1) who are held out; those of a smaller share are in a larger.

    The same customers as the control arm of `arm_of` with this salt and control share.

    Raises:
        ValueError: the share is not between 0 and 1.
    """
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"a share of {share:g} is not between 0 and 1")
    return position(salt, customer_id) < share


def arm_of(salt: str, customer_id: str, shares: Mapping[str, float]) -> str:
    """The customer's arm: [0, 1) cut into arms as wide as their shares, control first, then by name, so that the order
    in which somebody lists the arms changes nothing.

    Args:
        salt: names the experiment; another salt deals anew.
        customer_id: the id as the use case has it.
        shares: arm to share, above 0 and 1 in sum.

    Raises:
        ValueError: the shares are not such.
    """
    place, edge, arm = position(salt, customer_id), 0.0, ""
    for arm, share in _ordered(tuple(shares.items())):
        edge += share
        if place < edge:
            return arm
    return arm  # the shares' sum may miss 1 by a rounding


@lru_cache(maxsize=64)
def _ordered(shares: tuple[tuple[str, float], ...]) -> tuple[tuple[str, float], ...]:
    if not shares or any(not share > 0.0 for _, share in shares):
        raise ValueError("every arm needs a share above 0")
    total = math.fsum(share for _, share in shares)
    if not math.isclose(total, 1.0, abs_tol=1e-9):
        raise ValueError(f"the shares of the arms add up to {total:g}, 1 was expected")
    return tuple(sorted(shares, key=lambda item: (item[0] != CONTROL, item[0])))
