"""Arms and their shares of the customers. It must not know files."""

import math

from churn_campaigns.experiment.assignment import CONTROL
from churn_data.errors import DataError

TREATMENT = "treatment"
"""What the other arm is called when nobody names arms."""


def all_shares(control_share: float, arms: dict[str, float] | None) -> dict[str, float]:
    """Arm to share, control first; without arms everybody else is in one treatment arm.

    Raises:
        DataError: the shares do not add up to 1.
    """
    shares = {CONTROL: control_share, **(arms or {TREATMENT: 1.0 - control_share})}
    total = math.fsum(shares.values())
    if not math.isclose(total, 1.0, abs_tol=1e-9):
        raise DataError("--control-share and --arms", f"the shares add up to {total:g}, 1 was expected")
    return shares
