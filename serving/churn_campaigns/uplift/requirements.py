"""What a campaign must have for its effects to be learned at all. It must not know models."""

import numpy
import pandas

from churn_model.errors import ChurnModelError

FEWEST = 10  # leavers and stayers needed on each side: two for every fold
SMALLEST_PROPENSITY = 0.01  # weights beyond a hundredfold would let single customers decide

Array = numpy.ndarray


class UpliftNotLearnable(ChurnModelError):
    """The campaign's outcomes cannot tell what the action changes."""


def require_enough(features: pandas.DataFrame, treated: Array, churned: Array) -> None:
    """Whether there are leavers and stayers enough in both arms.

    Raises:
        UpliftNotLearnable: there are not.
        ValueError: arrays of other lengths, or anything but 0 and 1.
    """
    if not len(features) == len(treated) == len(churned):
        raise ValueError("features, treated and churned differ in length")
    if not numpy.isin([treated, churned], (0, 1)).all():
        raise ValueError("treated and churned hold 0 and 1 only")
    for arm, words in ((1, "with"), (0, "without")):
        leavers = int(churned[treated == arm].sum())
        stayers = int((treated == arm).sum()) - leavers
        if min(leavers, stayers) < FEWEST:
            found = f"{leavers} customers left and {stayers} stayed {words} the treatment"
            raise UpliftNotLearnable(f"{found}; at least {FEWEST} of each are needed to learn what it changes")


def chances(propensity: Array | float | None, treated: Array) -> Array:
    """Everybody's probability to be treated: float [customers]; None: the share treated.

    Raises:
        UpliftNotLearnable: it is about 0 or 1 for somebody.
    """
    given = numpy.asarray(treated.mean() if propensity is None else propensity, dtype=float)
    chance = numpy.broadcast_to(given, treated.shape)
    if not ((chance >= SMALLEST_PROPENSITY) & (chance <= 1.0 - SMALLEST_PROPENSITY)).all():
        allowed = f"{SMALLEST_PROPENSITY:g} to {1.0 - SMALLEST_PROPENSITY:g}"
        raise UpliftNotLearnable(f"the probability to be treated must be {allowed} for everybody, or nothing compares")
    return chance
