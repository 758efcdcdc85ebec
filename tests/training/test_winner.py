"""Which candidate is packaged: profit decides where it can tell them apart, log loss where it cannot, and where that
cannot either, a combination of several."""

import numpy

from churn_training.comparison.competition import Result, winner
from churn_training.families.candidates import Candidate
from churn_training.families.ensemble import Blend, Contender
from churn_training.families.log_losses import log_loss_of

LEFT = numpy.arange(400) % 4 == 0
EVEN = [10.0, 10.0, 10.0, 10.0, 10.0]


def result(name: str, profits: list[float], log_loss: float) -> Result:
    candidate = Candidate(name, name, "linear")
    metrics = {"empc": float(numpy.mean(profits)), "log_loss": log_loss}
    return Result(candidate, metrics, numpy.array(profits), numpy.zeros(len(LEFT)))


def answering(contender: Contender, nearer: float, unlike: float = 0.0, profits: list[float] = EVEN) -> Result:
    """Whose log-odds are so much nearer to who left than 1, and so far from it up and down, whoever left."""
    swing = numpy.where(numpy.arange(len(LEFT)) // 4 % 2, unlike, -unlike)
    raw = numpy.where(LEFT, 1.0, -1.0) * (1.0 + nearer) + swing
    return Result(contender, {"log_loss": log_loss_of(raw, LEFT)}, numpy.array(profits), raw)


ONE = Candidate("one", "One", "linear")
SEVERAL = Blend.ensemble([ONE, Candidate("two", "Two", "linear")])


def test_a_clear_profit_wins_whatever_the_log_loss() -> None:
    rich = result("rich", [11, 12, 11, 12, 11], 0.6)
    poor = result("poor", [9, 10, 9, 10, 9], 0.4)
    assert winner([poor, rich], LEFT) is rich


def test_a_difference_that_folds_cannot_tell_leaves_it_to_the_log_loss() -> None:
    first = result("first", [10.2, 9.8, 10.4, 9.6, 10.1], 0.43)
    second = result("second", [10.0, 10.0, 10.0, 10.0, 10.0], 0.42)
    assert winner([first, second], LEFT) is second


def test_folds_are_compared_pair_by_pair() -> None:
    """Both swing alike from fold to fold; that one of them is always ahead is what counts."""
    ahead = result("ahead", [8.2, 12.2, 9.2, 11.2, 10.2], 0.43)
    behind = result("behind", [8.0, 12.0, 9.0, 11.0, 10.0], 0.42)
    assert winner([ahead, behind], LEFT) is ahead


def test_a_combination_is_taken_where_customers_cannot_tell_that_a_single_setting_knows_more() -> None:
    """The best of many settings looks better than it is."""
    single, level = answering(ONE, 0.02), answering(SEVERAL, 0.02, 0.1)
    assert single.metrics["log_loss"] < level.metrics["log_loss"]
    assert winner([single, level], LEFT) is level


def test_a_single_setting_that_measurably_knows_more_is_taken() -> None:
    single, combined = answering(ONE, 0.1), answering(SEVERAL, 0.0, 0.1)
    assert winner([single, combined], LEFT) is single


def test_neither_what_earns_less_nor_a_single_family_on_another_scale_counts_as_a_combination() -> None:
    single = answering(ONE, 0.02)
    poor = answering(SEVERAL, 0.02, 0.1, [9.0, 9.1, 9.0, 9.1, 9.0])
    scaled = answering(Blend.calibrated(ONE), 0.02, 0.1)
    assert winner([single, poor, scaled], LEFT) is single
