"""Effects and intervals are the published ones, never contradict their test, and nothing is shown where nothing is."""

import numpy
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import binom, norm
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, score_test_proportions_2indep

from churn_campaigns.experiment.analysis import Arm, Looking, Read, holm, read_counts
from churn_campaigns.experiment.balance import attrition_p_value, sample_ratio_p_value
from churn_campaigns.experiment.boundaries import boundaries, equal_looks
from churn_campaigns.experiment.comparison import Outcomes, absolute_interval, relative_interval, score, scores
from churn_campaigns.experiment.wording import table, verdict

HALVES = {"control": 0.5, "offer": 0.5}
OUTCOMES = st.integers(1, 400).flatmap(lambda known: st.builds(Outcomes, st.integers(0, known), st.just(known)))
Z95 = float(norm.isf(0.025))


def read(control: tuple[int, int], *others: tuple[int, int], looking: Looking | None = None, missing: int = 0) -> Read:
    """Arms given as (left, known)."""
    names = ("control", "offer", "call", "letter")
    arms = [
        Arm(name, known + missing, None, known, left)
        for name, (left, known) in zip(names, (control, *others), strict=False)
    ]
    return read_counts(arms, None, 0.05, looking)


@pytest.mark.parametrize(
    ("counts", "expected"),
    # Newcombe 1998, Statistics in Medicine 17, table II, method 6 (Miettinen & Nurminen), cases (a), (d) and (e).
    [
        ((56, 70, 48, 80), (0.0528, 0.3382)),
        ((9, 10, 3, 10), (0.1700, 0.8406)),
        ((5, 56, 0, 29), (-0.0326, 0.1933)),
    ],
)
def test_published_intervals_of_a_difference(counts: tuple[int, int, int, int], expected: tuple[float, float]) -> None:
    first, second = Outcomes(*counts[:2]), Outcomes(*counts[2:])
    assert absolute_interval(first, second, Z95) == pytest.approx(expected, abs=6e-5)
    low, high = absolute_interval(second, first, Z95)
    assert (-high, -low) == pytest.approx(expected, abs=6e-5)


@settings(max_examples=200)
@given(control=OUTCOMES, treatment=OUTCOMES)
def test_ratio_and_score_agree_with_statsmodels_where_it_can(control: Outcomes, treatment: Outcomes) -> None:
    assume(0 < control.churned < control.known)
    assume(0 < treatment.churned < treatment.known)
    counts = (treatment.churned, treatment.known, control.churned, control.known)
    low, high = confint_proportions_2indep(*counts, method="score", compare="ratio", alpha=0.05)
    found = relative_interval(control, treatment, Z95)
    assert found is not None
    assert (1.0 - found[1], 1.0 - found[0]) == pytest.approx((low, high), rel=1e-4)
    theirs = score_test_proportions_2indep(*counts, compare="diff").statistic
    assert score(control, treatment) == pytest.approx(-theirs, abs=1e-9)


@settings(max_examples=300)
@given(control=OUTCOMES, treatment=OUTCOMES, boundary=st.floats(1.0, 5.0))
def test_intervals_and_test_never_contradict_each_other(
    control: Outcomes, treatment: Outcomes, boundary: float
) -> None:
    found = score(control, treatment)
    assume(abs(abs(found) - boundary) > 1e-6)
    crossed = abs(found) > boundary
    low, high = absolute_interval(control, treatment, boundary)
    estimate = control.churn - treatment.churn
    assert -1.0 <= low <= estimate + 1e-9
    assert estimate - 1e-9 <= high <= 1.0
    assert (low > 1e-8 or high < -1e-8) == crossed
    relative = relative_interval(control, treatment, boundary)
    assert (relative is None) == (control.churned == 0)
    if relative is not None:
        assert relative[1] <= 1.0
        assert (relative[0] > 1e-8 or relative[1] < -1e-8) == crossed


@settings(max_examples=40, deadline=None)
@given(control=OUTCOMES, others=st.lists(OUTCOMES, min_size=1, max_size=3), looks=st.integers(1, 3))
def test_a_verdict_follows_from_the_test_and_its_interval(
    control: Outcomes, others: list[Outcomes], looks: int
) -> None:
    found = read(
        (control.churned, control.known),
        *((arm.churned, arm.known) for arm in others),
        looking=Looking(equal_looks(3)[:looks], 3),
    )
    for effect in found.effects:
        low, high = effect.absolute_interval
        assert effect.shown == (effect.adjusted_p_value <= 0.05)
        assert effect.p_value <= effect.adjusted_p_value
        if low > 1e-8 or high < -1e-8:
            assert effect.shown
        if len(others) == 1 and abs(abs(effect.score) - found.boundary) > 1e-6:
            assert effect.shown == (abs(effect.score) >= found.boundary)
        assert ("no effect shown" in verdict(effect, found)) == (not effect.shown)
    assert table(found)


@pytest.mark.parametrize("p_values", [[0.03], [0.04, 0.01, 0.03], [0.6, 0.7, 0.0, 0.7], [0.02, 0.02]])
def test_holm(p_values: list[float]) -> None:
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])


def false_positives(looks: int, alpha: float = 0.05, experiments: int = 10_000) -> int:
    """Of so many simulated experiments without any effect, how many show one at some look, by the reader's own score
    and boundary."""
    random = numpy.random.default_rng(20 + looks)
    left = random.binomial(500, 0.265, size=(2, experiments, looks)).cumsum(axis=2)
    known = 500 * numpy.arange(1, looks + 1)
    found = scores(left[0], known, left[1], known)
    return int((abs(found) >= boundaries(equal_looks(looks), alpha)).any(axis=1).sum())


@pytest.mark.parametrize("looks", [1, 4])
def test_no_more_than_five_in_a_hundred_null_experiments_show_something(looks: int) -> None:
    low, high = binom.interval(0.9999, 10_000, 0.05)
    found = false_positives(looks)
    assert low <= found <= high
    assert 400 <= found <= 600


def test_the_reader_decides_by_that_score_and_boundary() -> None:
    random = numpy.random.default_rng(3)
    for control, offer in random.binomial(500, 0.2, size=(50, 2)):
        for looking in (Looking(), Looking(equal_looks(4)[:3], 4)):
            found = read((int(control), 500), (int(offer), 500), looking=looking)
            alone = float(scores(control, 500, offer, 500))
            assert found.effects[0].shown == (abs(alone) >= boundaries(looking.information, 0.05)[-1])


def test_three_arms_without_effect_show_something_in_five_of_a_hundred() -> None:
    random = numpy.random.default_rng(11)
    shown = 0
    for control, offer, call in random.binomial(800, 0.2, size=(2000, 3)):
        found = read((int(control), 800), (int(offer), 800), (int(call), 800))
        shown += any(effect.shown for effect in found.effects)
    assert shown <= binom.ppf(0.9999, 2000, 0.05)
    assert shown >= binom.ppf(0.0001, 2000, 0.03)  # Holm is not needlessly timid


def test_an_effect_that_is_there_is_found_as_often_as_planned() -> None:
    random = numpy.random.default_rng(5)
    left = random.binomial(2902, [0.265, 0.265 * 0.88], size=(10_000, 2))
    found = scores(left[:, 0], 2902, left[:, 1], 2902) >= Z95
    assert found.mean() == pytest.approx(0.8, abs=0.015)


def test_intervals_cover_the_truth() -> None:
    random = numpy.random.default_rng(6)
    covered = relative = 0
    for control, offer in random.binomial(600, [0.25, 0.2], size=(2000, 2)):
        first, second = Outcomes(int(control), 600), Outcomes(int(offer), 600)
        low, high = absolute_interval(first, second, Z95)
        covered += low <= 0.05 <= high
        low, high = relative_interval(first, second, Z95) or (1.0, 0.0)
        relative += low <= 0.2 <= high
    low, high = binom.interval(0.9999, 2000, 0.95)
    assert low <= covered <= high
    assert low <= relative <= high


SENTENCES = {  # The intervals are those of statsmodels' confint_proportions_2indep(method="score", compare="ratio").
    ((265, 1000), (245, 1000)): "no effect shown; the data are compatible with a reduction of -7.4 % to 20.4 %",
    ((300, 1000), (200, 1000)): (
        "customers left less often than in control (p = 2.4e-07);"
        " the data are compatible with a reduction of 22.1 % to 43 %"
    ),
    ((200, 1000), (300, 1000)): (
        "customers left more often than in control (p = 2.4e-07);"
        " the data are compatible with an increase of 28.4 % to 75.4 %"
    ),
    ((0, 100), (0, 100)): (
        "no effect shown; the data are compatible with a reduction of -3.72 to 3.72 percentage points"
    ),
}


@pytest.mark.parametrize("counts", SENTENCES)
def test_sentences(counts: tuple[tuple[int, int], tuple[int, int]]) -> None:
    found = read(*counts)
    assert verdict(found.effects[0], found) == f'arm "offer": {SENTENCES[counts]}'


def test_sizes_that_do_not_fit_forbid_a_conclusion() -> None:
    arms = [Arm("control", 5000, None, 5000, 1500), Arm("offer", 5600, None, 5600, 1000)]
    found = read_counts(arms, HALVES)
    assert found.sample_ratio.alarm
    assert not found.effects[0].shown
    assert "no conclusion" in verdict(found.effects[0], found)
    assert "SAMPLE RATIO MISMATCH" in table(found)
    assert "not checked" in table(read_counts(arms))


def test_missing_outcomes_are_bounded_and_uneven_ones_noticed() -> None:
    arms = [Arm("control", 1000, None, 950, 300), Arm("offer", 1000, None, 850, 170)]
    found = read_counts(arms, HALVES)
    assert found.attrition.alarm
    assert found.effects[0].if_missing == pytest.approx((0.30 - 0.32, 0.35 - 0.17))
    assert not found.effects[0].shown
    assert "no conclusion, the missing outcomes alone could be to blame" in verdict(found.effects[0], found)
    few = [Arm("control", 1000, None, 990, 500), Arm("offer", 1000, None, 970, 100)]
    found = read_counts(few, HALVES)
    assert found.attrition.alarm
    assert found.effects[0].shown
    assert "customers left less often" in verdict(found.effects[0], found)
    assert "DIFFERENTIAL ATTRITION" in table(found)
    assert read((10, 100), (9, 100)).effects[0].if_missing is None


def test_balance() -> None:
    assert sample_ratio_p_value({"control": 50, "offer": 50}, HALVES) == pytest.approx(1.0)
    assert sample_ratio_p_value({"control": 100}, HALVES) < 1e-20
    assert sample_ratio_p_value({}, HALVES) == 1.0
    assert attrition_p_value([1000, 1000], [1000, 1000]) == 1.0
    assert attrition_p_value([1000, 1000], [999, 997]) == 1.0
    assert attrition_p_value([1000, 1000], [980, 950]) < 0.001


def test_a_read_without_outcomes_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a known outcome"):
        read((0, 0), (1, 2))
