"""Reading plans: differences within planned actions, adjusted; boundaries that follow the information."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy
import pytest
import statsmodels.api

from churn_campaigns.experiment.boundaries import boundaries, equal_looks, next_boundary, spent
from churn_campaigns.experiment.stratified import Difference, Strata
from churn_campaigns.policy_simulation import histories
from churn_campaigns.policy_simulation.histories import People, WorldResult, run_worlds, tally
from churn_campaigns.policy_simulation.kept import Kept
from churn_campaigns.policy_simulation.loops import one_loop
from churn_cli.programs.decision_study import main
from churn_data.dataset import Dataset


def drawn(seed: int, customers: int = 4_000) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    generator = numpy.random.default_rng(seed)
    score = generator.beta(2, 4, customers)
    treated = generator.random(customers) < 0.7
    return score, treated, (generator.random(customers) < score - 0.2 * score * treated).astype(float)


@pytest.mark.parametrize("score", [2.0, 20.0, 37.0, 40.0], ids=str)
def test_an_interval_has_its_lower_end_below_however_much_is_asked(score: float) -> None:
    low, high = Difference(0.04, 0.25, 10.5).interval(score)
    assert low < 0.04 < high


def test_one_stratum_is_a_regression_on_what_was_known() -> None:
    score, treated, churned = drawn(0)
    strata = Strata(numpy.zeros(4_000, dtype=int), treated, numpy.array([int(treated.sum())]))
    found = strata.differences(churned, score)[0]
    design = numpy.column_stack([numpy.ones(4_000), treated, score])
    fitted = statsmodels.api.OLS(churned, design).fit(cov_type="HC3")
    assert found.mean == pytest.approx(-fitted.params[1], rel=1e-6)
    assert found.error == pytest.approx(fitted.bse[1], rel=0.01)
    plain = strata.differences(churned, numpy.zeros(4_000))[0]
    assert plain.mean == pytest.approx(churned[~treated].mean() - churned[treated].mean())
    assert plain.error > 1.05 * found.error


def test_strata_that_differ_are_not_mixed() -> None:
    """Among those called nearly all leave, among those written to nobody; within each nothing happens."""
    stratum = numpy.repeat([0, 1], 500)
    treated = numpy.concatenate([numpy.arange(500) < 450, numpy.arange(500) < 50])
    churned = numpy.where(stratum == 0, numpy.arange(1_000) % 10 != 0, 0).astype(float)
    strata = Strata(stratum, treated, numpy.array([450, 50]))
    whole = strata.together(strata.differences(churned, numpy.zeros(1_000)))
    assert whole is not None
    assert abs(whole.mean) < 1e-9
    assert churned[treated].mean() - churned[~treated].mean() > 0.6


def test_a_stratum_without_anybody_to_compare_is_left_out() -> None:
    strata = Strata(numpy.array([0, 0, 0, 0, 1, 1]), numpy.array([1, 1, 0, 0, 1, 1], dtype=bool), numpy.array([2, 2]))
    assert strata.compared == [0]
    assert strata.together({}) is None


def test_few_customers_need_more() -> None:
    few, many = (Difference(0.2, 0.01, freedom) for freedom in (5.0, 1e6))
    assert few.score < many.score == pytest.approx(2.0, abs=1e-3)
    assert few.interval(1.96)[0] < 0.0 < many.interval(1.96)[0]
    assert Difference(0.0, 0.0, 1.0).score == 0.0


def test_boundaries_one_by_one_are_those_of_all_looks_at_once() -> None:
    taken: list[tuple[float, float]] = []
    already = 0.0
    for share, expected in zip(equal_looks(4), boundaries(equal_looks(4), 0.05), strict=True):
        until_now = spent(share, 0.05)
        score = next_boundary(taken, 730.0 * share, already, until_now)
        assert score == pytest.approx(expected, abs=1e-6)
        taken.append((730.0 * share, score))
        already = until_now
    with pytest.raises(ValueError, match="nothing more is known"):
        next_boundary(taken, 730.0, already, 0.05)


def test_a_loop_is_the_same_for_the_same_seed_and_finds_a_strong_effect() -> None:
    assert one_loop(3, 2, effective=True) == one_loop(3, 2, effective=True)
    assert sum(one_loop(seed, 1, effective=True).shown for seed in range(5)) >= 4


def _refuse(*_: object, **__: object) -> None:
    raise LookupError


def test_a_history_without_effects_gets_no_money_for_proven_ones_and_is_kept(
    telco: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On real customers; before, 4,565 to 7,043 of them were contacted for effects that were not there."""
    people = People.of(telco.take(numpy.arange(1_200)))
    kept, done = tmp_path / "new" / "histories.jsonl", list[None]()
    (found,) = run_worlds(people, 1, 1, lambda: done.append(None), Kept(kept, "these"), effective=False)
    monkeypatch.setattr(histories, "one_world", _refuse)
    again = run_worlds(people, 1, 1, lambda: done.append(None), Kept(kept, "these"), effective=False)
    assert again == [found]
    assert len(done) == 2
    with pytest.raises(LookupError):
        run_worlds(people, 1, 1, lambda: None, Kept(kept, "others"), effective=False)
    assert found.proven == ()
    assert found.spent_proven_only == found.spent_measured == 0.0
    assert found.interval is None
    counted = tally([found])
    assert (counted.worlds, counted.claims, counted.spent_without_claim) == (1, 0, 0.0)


def test_what_is_kept_of_a_history_is_what_it_was() -> None:
    known = WorldResult(("call",), 5.0, 2.0, 3.5, (1.0, 6.0), 3.0)
    nothing = WorldResult((), 0.0, 0.0, None, None, None)
    for world in (known, nothing):
        assert WorldResult.of(json.loads(json.dumps(asdict(world)))) == world


def test_a_result_that_was_cut_off_is_found_once_more(tmp_path: Path) -> None:
    """As where a study is killed while it writes: the others are still kept, and so is what comes after."""
    path = tmp_path / "results.jsonl"
    for key in ("first", "second"):
        Kept(path).add(key, {"worth": 1.5})
    path.write_text(path.read_text()[:-20])
    again = Kept(path)
    assert "first" in again
    assert "second" not in again
    again.add("third", {"worth": 2.5})
    assert Kept(path).of("third") == {"worth": 2.5}
    assert Kept(path).of("first") == {"worth": 1.5}


def test_the_study_prints_json_last(telco_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = ["--null-worlds", "0", "--effect-worlds", "0", "--loops", "3", "--looks", "2"]
    assert main(["--data", str(telco_path), *few, "--json"]) == 0
    document = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert document["plans_without_effect"]["loops"] == 3
    assert document["plans_with_effects"]["looks"] == 2
    assert main(["--data", str(telco_path), "--loops", "-1"]) == 2
    assert "--loops: is -1, at least 0 was expected" in capsys.readouterr().err
