"""Arms and their shares as a command line gives them. Every start of `churn` reads it.

It must not know files, nor load what a command runs.
"""

import argparse
import math

from churn_campaigns.experiment.assignment import CONTROL
from churn_data.errors import DataError

TREATMENT = "treatment"
"""What the other arm is called when nobody names arms."""


def between_0_and_1(text: str) -> float:
    """A number above 0 and below 1, for argparse."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0.0 < number < 1.0:
        raise argparse.ArgumentTypeError(f'"{text}" is not a number above 0 and below 1')
    return number


def named_shares(text: str) -> dict[str, float]:
    """`a=0.5,b=0.4` as arm to share, for argparse; the control arm has an option of its own."""
    shares: dict[str, float] = {}
    for part in text.split(","):
        name, equals, share = (piece.strip() for piece in part.partition("="))
        if not name or not equals:
            raise argparse.ArgumentTypeError(f'"{part}" is not an arm and its share, such as offer=0.4')
        if name == CONTROL or name in shares:
            raise argparse.ArgumentTypeError(f'the arm "{name}" has a share already')
        shares[name] = between_0_and_1(share)
    return shares


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
