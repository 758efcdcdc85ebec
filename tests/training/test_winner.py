"""Which candidate is packaged: profit decides where it can tell them apart, log loss where it cannot."""

import numpy

from churn_training.comparison.competition import Result, winner
from churn_training.families.candidates import Candidate


def result(name: str, profits: list[float], log_loss: float) -> Result:
    candidate = Candidate(name, name, "linear")
    metrics = {"empc": float(numpy.mean(profits)), "log_loss": log_loss}
    return Result(candidate, metrics, numpy.array(profits), numpy.empty(0))


def test_a_clear_profit_wins_whatever_the_log_loss() -> None:
    rich = result("rich", [11, 12, 11, 12, 11], 0.6)
    poor = result("poor", [9, 10, 9, 10, 9], 0.4)
    assert winner([poor, rich]) is rich


def test_a_difference_that_folds_cannot_tell_leaves_it_to_the_log_loss() -> None:
    first = result("first", [10.2, 9.8, 10.4, 9.6, 10.1], 0.43)
    second = result("second", [10.0, 10.0, 10.0, 10.0, 10.0], 0.42)
    assert winner([first, second]) is second


def test_folds_are_compared_pair_by_pair() -> None:
    """Both swing alike from fold to fold; that one of them is always ahead is what counts."""
    ahead = result("ahead", [8.2, 12.2, 9.2, 11.2, 10.2], 0.43)
    behind = result("behind", [8.0, 12.0, 9.0, 11.0, 10.0], 0.42)
    assert winner([ahead, behind]) is ahead
