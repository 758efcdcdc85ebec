"""Every rule of the gate can turn a challenger down, and lets one pass."""

import itertools

import numpy
import pytest

from churn_model.usecase import ProfitRule
from churn_training.comparison.gate import judge
from churn_training.comparison.lead_rules import trivial_level
from churn_training.comparison.significance import ERROR, level_of
from churn_training.comparison.verdict import FIRST, Finding, JudgedModel, Terms, Verdict

RULE = ProfitRule()
SIZE = 2000
RULES = ("log_loss", "profit", "brier", "ece", "latency", "groups")


def world(seed: int = 21) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Who left and the true log-odds of it."""
    generator = numpy.random.default_rng(seed)
    odds = generator.normal(-1.2, 1.3, SIZE)
    return (generator.random(SIZE) < sigmoid(odds)).astype(int), odds


def sigmoid(odds: numpy.ndarray) -> numpy.ndarray:
    return numpy.asarray(1.0 / (1.0 + numpy.exp(-odds)))


def blurred(odds: numpy.ndarray, by: float, seed: int = 1) -> numpy.ndarray:
    """A calibrated but less informed model of the same customers: part of what it should know is averaged away."""
    mean, spread = odds.mean(), odds.std()
    noisy = odds + numpy.random.default_rng(seed).normal(0.0, by, SIZE)
    return sigmoid(mean + (noisy - mean) * spread**2 / (spread**2 + by**2))


CHURNED, ODDS = world()
TRUTH, BLURRED = sigmoid(ODDS), blurred(ODDS, 1.0)
HALVES = numpy.where(numpy.arange(SIZE) % 2 == 0, "even", "odd")


def decide(
    champion: numpy.ndarray,
    challenger: numpy.ndarray,
    groups: dict[str, numpy.ndarray] | None = None,
    milliseconds: tuple[float, float] = (0.5, 0.5),
    terms: Terms = FIRST,
) -> Verdict:
    old, new = JudgedModel(champion, milliseconds[0]), JudgedModel(challenger, milliseconds[1])
    return judge(CHURNED, groups or {}, RULE, old, new, seed=3, terms=terms)


def chance(verdict: Verdict) -> float:
    assert verdict.chance is not None
    return verdict.chance


def finding(verdict: Verdict, name: str) -> Finding:
    return next(found for found in verdict.findings if found.rule_name == name)


def failed(verdict: Verdict) -> list[str]:
    return [found.rule_name for found in verdict.findings if not found.passed]


def test_a_better_model_passes_every_rule_in_a_known_order() -> None:
    verdict = decide(BLURRED, TRUTH, {"half": HALVES})
    assert verdict.passed
    assert tuple(found.rule_name for found in verdict.findings) == RULES
    assert all(found.passed for found in verdict.findings)
    assert chance(verdict) <= 0.03
    assert verdict.better


def test_the_same_model_again_earns_no_more_and_does_no_harm() -> None:
    verdict = decide(TRUTH, TRUTH, {"half": HALVES})
    assert not verdict.passed
    assert chance(verdict) == 0.5
    assert failed(verdict) == ["log_loss", "profit"]


def test_a_worse_model_is_turned_down_for_profit_accuracy_and_groups() -> None:
    verdict = decide(TRUTH, BLURRED, {"half": HALVES})
    assert chance(verdict) >= 0.95
    assert {"log_loss", "profit", "brier", "groups"} <= set(failed(verdict))


def test_probabilities_that_rank_better_but_are_off_are_turned_down_for_calibration() -> None:
    """Ranking, and with it profit, is that of the truth; the probabilities themselves are far too high."""
    verdict = decide(BLURRED, sigmoid(ODDS + 1.0))
    assert failed(verdict) == ["log_loss", "brier", "ece"]


def test_accuracy_and_calibration_are_two_rules() -> None:
    """Nearly useless but calibrated: a wider miss in all, no worse calibration than that of one far off."""
    verdict = decide(sigmoid(ODDS + 0.6), blurred(ODDS, 3.0))
    assert "brier" in failed(verdict)
    assert "ece" not in failed(verdict)


@pytest.mark.parametrize(
    ("old", "new", "passes"),
    [(4.0, 5.0, True), (4.0, 5.01, False), (0.1, 1.0, True), (0.1, 1.01, False), (4.0, float("nan"), False)],
)
def test_a_slower_answer_is_turned_down(old: float, new: float, passes: bool) -> None:
    verdict = decide(BLURRED, TRUTH, milliseconds=(old, new))
    assert finding(verdict, "latency").passed == passes
    assert verdict.passed == passes


def test_a_model_that_is_better_for_most_and_worse_for_a_group_is_turned_down() -> None:
    minority = numpy.arange(SIZE) % 8 == 0
    regions = numpy.where(minority, "North", "South")
    verdict = decide(BLURRED, numpy.where(minority, 1.0 - TRUTH, TRUTH), {"region": regions, "half": HALVES})
    found = finding(verdict, "groups")
    assert not found.passed
    assert "region = North" in found.sentence
    assert "South" not in found.sentence


def test_small_groups_are_left_out_and_counted() -> None:
    few = numpy.arange(SIZE) < 49
    verdict = decide(BLURRED, numpy.where(few, 1.0 - TRUTH, TRUTH), {"region": numpy.where(few, "North", "South")})
    found = finding(verdict, "groups")
    assert found.passed
    assert "1 with fewer than 50 customers" in found.sentence


def test_without_groups_the_finding_says_that_nothing_was_compared() -> None:
    found = finding(decide(BLURRED, TRUTH), "groups")
    assert found.passed
    assert "No group of customers was compared" in found.sentence


def test_many_groups_alone_are_no_reason_to_fail() -> None:
    """Groups at random and two models that differ by noise: compared one by one, some group always looks worse."""
    generator = numpy.random.default_rng(28)
    groups = {f"group {number}": generator.choice(["a", "b"], SIZE) for number in range(6)}
    first, second = (sigmoid(ODDS + generator.normal(0.0, 0.3, SIZE)) for _ in range(2))
    alone = {"group 0": groups["group 0"]}
    assert not finding(decide(first, second, alone), "groups").passed
    assert finding(decide(first, second, groups), "groups").passed


def test_sentences_hold_the_numbers_they_speak_of() -> None:
    verdict = decide(BLURRED, TRUTH, milliseconds=(2.0, 2.25))
    assert "with a probability of less than 1e-07 %" in finding(verdict, "log_loss").sentence
    close = decide(BLURRED, blurred(ODDS, 0.9, seed=2))
    assert 1e-4 < chance(close) < 0.9
    assert f"with a probability of {chance(close) * 100:.3g} %" in finding(close, "log_loss").sentence
    assert "2.25 ms instead of 2.00 ms" in finding(verdict, "latency").sentence
    assert "limit of 2.50 ms" in finding(verdict, "latency").sentence
    assert all(found.sentence.endswith(".") for found in verdict.findings)


def test_all_contests_of_a_champion_together_spend_the_error_and_no_more() -> None:
    levels = [level_of(number) for number in range(1, 20_000)]
    assert 0.0499 < sum(levels) < ERROR
    # What lets trainings at the same moment be given a higher number than theirs.
    assert all(later < earlier for earlier, later in itertools.pairwise(levels))
    # Four years of weekly trainings have nearly half of the most that so many could have alike.
    assert level_of(208) > 0.45 * ERROR / 208
    with pytest.raises(ValueError, match="counted from 1"):
        level_of(0)


def test_better_probabilities_in_the_same_order_earn_no_more() -> None:
    verdict = decide(sigmoid(ODDS + 1.0), TRUTH)
    assert failed(verdict) == ["profit"]
    assert not verdict.better


def test_the_more_contests_there_were_the_more_is_asked() -> None:
    assert finding(decide(BLURRED, TRUTH, terms=Terms(1)), "log_loss").passed
    late = finding(decide(BLURRED, TRUTH, terms=Terms(10**6)), "log_loss")
    assert not late.passed
    assert "in the champion's contest 1000000." in late.sentence


@pytest.mark.parametrize("certainty", [1e-3, 1e-6, 0.0])
def test_no_certainty_beyond_one_in_a_thousand_is_rewarded_or_punished(certainty: float) -> None:
    sharpened = numpy.where(BLURRED < 0.05, certainty, BLURRED)
    known = numpy.where(BLURRED < 0.05, 1e-3, BLURRED)
    assert chance(decide(BLURRED, sharpened)) == chance(decide(BLURRED, known))


def test_the_same_seed_gives_the_same_verdict() -> None:
    assert decide(BLURRED, TRUTH, {"half": HALVES}) == decide(BLURRED, TRUTH, {"half": HALVES})


def test_tries_for_a_first_champion_share_one_error() -> None:
    """The first has all of a 95 % interval, so that small files are not turned away; all that may follow add little."""
    levels = [trivial_level(Terms(number), first=True) for number in range(1, 2001)]
    assert levels[0] == 0.025
    assert all(later < earlier for earlier, later in itertools.pairwise(levels))
    assert sum(levels) < 0.05
    assert trivial_level(Terms(1), first=False) < levels[0]
