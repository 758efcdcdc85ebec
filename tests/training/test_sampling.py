"""Where there are very many customers, a part decides: whole customers, in proportion, by the seed, and said so."""

import dataclasses

import numpy
import pytest

from churn_data.dataset import Dataset
from churn_training.comparison import splits
from churn_training.comparison.sampling import affordable, at_most, samples_of
from churn_training.comparison.speed import Speed
from churn_training.comparison.splits import holdout, holdout_of, split_by
from churn_training.packaging.home import Home
from churn_training.pipeline import train
from tests.training.small_families import small_candidates

pytestmark = pytest.mark.usefixtures("pictures_unseen")


def test_few_customers_are_all_taken_and_nothing_is_said(telco: Dataset) -> None:
    sample = at_most(telco, len(telco), 0, "compared on")
    assert sample.customers is telco
    assert sample.notice is None


def test_a_sample_is_a_part_in_the_same_proportion(telco: Dataset) -> None:
    sample = at_most(telco, 1000, 0, "contenders are compared on")
    assert abs(len(sample.customers) - 1000) <= 1
    assert sample.customers.churn_rate == pytest.approx(telco.churn_rate, abs=0.002)
    assert sample.notice == f"contenders are compared on: {len(sample.customers):,} of 7,043 rows, drawn at random"
    again, other = (at_most(telco, 1000, seed, "") for seed in (0, 1))
    assert again.customers.frame.equals(sample.customers.frame)
    assert not other.customers.frame.equals(sample.customers.frame)


def test_customers_are_taken_whole(telco: Dataset) -> None:
    panel = dataclasses.replace(telco, groups=numpy.arange(len(telco)) % 1500)
    sample = at_most(panel, 1000, 4, "").customers
    assert 800 < len(sample) < 1200
    _, counts = numpy.unique(sample.groups, return_counts=True)
    _, whole = numpy.unique(panel.groups, return_counts=True)
    assert set(counts) <= set(whole)
    assert len(counts) == len(set(sample.groups.tolist()))
    for group, count in zip(*numpy.unique(sample.groups, return_counts=True), strict=True):
        assert count == (panel.groups == group).sum()


def test_a_training_says_where_a_part_stood_for_all(
    telco: Dataset, home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, rows in (("FITTED", 1500), ("COMPARED", 600), ("JUDGED", 400)):
        monkeypatch.setattr(f"churn_training.comparison.sampling.{name}_ROWS", rows)
    outcome = train(telco, home, candidates=small_candidates()[1:2], parts=2, verbose=True)
    held = len(holdout(telco, seed=1, parts=2)[1])
    said = capsys.readouterr().err
    (report,) = home.artifacts.rglob("report.html")
    told = [
        f"contenders are compared on: 602 of {len(telco) - held:,} rows, drawn at random",
        f"the winner is fitted on: 1,501 of {len(telco) - held:,} rows, drawn at random",
        f"it is judged on: 400 of {held:,} rows, the same ones in every run",
    ]
    assert [line for line in outcome.warnings if " rows, " in line] == told
    assert all(line in said and line in report.read_text() for line in told)
    assert (outcome.learnt, outcome.learnable) == (1501, len(telco) - held)
    # Who is in the file is told, not who is in the parts.
    assert "7,043 customers, of whom" in report.read_text()


@pytest.mark.parametrize(("budget", "rows"), [(0.0, 40_000), (30.0, 10_000), (300.0, 20_100), (900.0, 40_000)], ids=str)
def test_a_longer_budget_looks_at_more_customers(budget: float, rows: int) -> None:
    assert affordable(40_000, 67, 10_000, budget) == rows


def test_who_is_compared_does_not_hang_on_how_many_are_fitted(telco: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search with more time goes on from the rounds of one with less: they are of the same customers."""
    for name, rows in (("COMPARED_IN_ANY_CASE", 600), ("FITTED_IN_ANY_CASE", 900)):
        monkeypatch.setattr(f"churn_training.comparison.sampling.{name}", rows)
    rule = holdout_of(telco)
    rest, held_out = (telco.take(positions) for positions in split_by(telco, rule, 3))
    little, more = (samples_of(rest, held_out, rule, 3, budget) for budget in (1.0, 5.0))
    assert len(more.fitted) > len(little.fitted)
    assert little.compared.frame.equals(more.compared.frame)
    assert more.fits == pytest.approx(len(more.fitted) / len(more.compared))


def test_a_training_says_on_how_many_segments_are_learned(telco: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("churn_training.segments.segmentation.SOUGHT_ROWS", 500)
    rule = holdout_of(telco)
    rest, held_out = (telco.take(positions) for positions in split_by(telco, rule, 3))
    notices = samples_of(rest, held_out, rule, 3, 0.0).notices
    assert notices == (f"segments are learned on: 500 of {len(rest):,} rows, drawn at random",)


@pytest.mark.parametrize(("rows", "share"), [(7043, 10), (700, 5)], ids=["many", "few"])
def test_no_more_is_held_out_than_judging_needs(rows: int, share: int, telco: Dataset) -> None:
    part = telco.take(numpy.arange(rows))
    train, held = holdout(part, 0)
    # A hash deals them out, not a count.
    assert len(held) == pytest.approx(rows / share, abs=4 * (rows / share) ** 0.5)
    assert len(train) + len(held) == rows
    if share == 10:
        assert min(part.churned[held].sum(), (1 - part.churned[held]).sum()) >= splits.ENOUGH_TO_JUDGE


def test_a_model_that_is_too_slow_says_by_how_much() -> None:
    assert Speed(1.9, 240.0).problem is None
    told = "it is too slow: 3.25 ms for one customer, 1.25 ms above the 2 ms that serving allows"
    assert Speed(3.25, 240.0).problem == told
    both = Speed(2.5, 300.0).problem
    assert both is not None
    assert "0.50 ms above" in both
    assert "50.00 ms above the 250 ms" in both
