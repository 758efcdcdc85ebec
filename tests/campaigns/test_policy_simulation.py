"""The simulated comparison of policies: small worlds, potential outcomes known."""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy
import pytest

from churn_campaigns.policy_simulation import company, policies
from churn_campaigns.policy_simulation.assumptions import ACTIONS, ASSUMPTIONS, WHAT_ACTIONS_SAY, assumption_table
from churn_campaigns.policy_simulation.curve import scenarios
from churn_campaigns.policy_simulation.report import as_document, as_text, write_files
from churn_campaigns.policy_simulation.runs import FIRST_SEED, Worlds, run_studies
from churn_campaigns.policy_simulation.study import OURS, POLICIES, Scenario, Study, estimate, simulate_once
from churn_campaigns.policy_simulation.world import DRIVERS, NOTHING, Kind, World
from churn_cli.programs.policy_simulation import main
from churn_model.usecase import load_usecase

SMALL = Scenario(customers=2_000)
NULL = Scenario("no action has any effect", 30_000, Kind(strength=0.0), budget=10.0)
MEASURES = ("reduction", "net", "expected_net", "cost", "contacted")
PAGE = Path(__file__).parents[2] / "docs/model/simulation.md"


@pytest.fixture(scope="module", autouse=True)
def _fewer_earlier_customers() -> Iterator[None]:
    """Risk is learned from fewer than a study does, which takes most of the time of a small world."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("churn_campaigns.policy_simulation.study.HISTORY", 3_000)
        yield


@pytest.fixture(scope="module")
def world() -> World:
    return World.simulate(20_000, 1)


@pytest.fixture(scope="module")
def second() -> World:
    return World.simulate(20_000, 1, Kind(neighbours=True))


@pytest.fixture(scope="module")
def study() -> Study:
    return Study(SMALL, tuple(simulate_once(SMALL, seed) for seed in (1, 2)))


@pytest.fixture(scope="module")
def null() -> Study:
    """A company that tries its actions where none does anything, and finds that out."""
    return Study(NULL, (simulate_once(NULL, 3),))


def test_response_types_come_as_often_as_declared(world: World) -> None:
    types = world.response_types()
    assert list(types.index) == [action.id for action in ACTIONS]
    assert types.sum(axis=1).to_numpy() == pytest.approx(1.0)
    leavers = types["persuadable"] + types["lost cause"]
    assert leavers.to_numpy() == pytest.approx(world.leaves.mean())
    assert world.leaves.mean() == pytest.approx(world.churn.mean(), abs=0.01)
    assert 0.2 < world.churn.mean() < 0.3
    assert (types["persuadable"] - types["do not disturb"]).to_numpy() == pytest.approx(
        world.effect.mean(axis=0), abs=0.006
    )
    accepted = types["persuadable"] / leavers
    assert accepted.to_numpy() == pytest.approx([0.34, 0.13, 0.16], abs=0.02)
    disturbed = types["do not disturb"] / (1.0 - leavers)
    assert disturbed.to_numpy() == pytest.approx([0.053, 0.017, 0.028], abs=0.008)


def test_high_risk_is_not_easily_kept(world: World) -> None:
    """Among the tenth at highest risk every action finds lost causes, and some customers whom it drives away."""
    top = world.churn > numpy.quantile(world.churn, 0.9)
    kept = world.effect[top] / world.churn[top, None]
    assert (numpy.quantile(kept, 0.25, axis=0) < 0.1).all()
    assert (kept.min(axis=0) < 0.0).all()
    assert (numpy.quantile(kept, 0.95, axis=0) > 0.25).all()


def test_effects_are_what_potential_outcomes_average_to() -> None:
    for kind in (Kind(), Kind(neighbours=True)):
        worlds = [World.simulate(6_000, seed, kind) for seed in range(4)]
        drawn = numpy.mean([world.leaves.mean() - world.leaves_after.mean(axis=0) for world in worlds], axis=0)
        assert drawn == pytest.approx(numpy.mean([world.effect.mean(axis=0) for world in worlds], axis=0), abs=0.009)


def test_the_same_seed_is_the_same_world() -> None:
    first, again, other = (World.simulate(500, seed, Kind(neighbours=True)) for seed in (5, 5, 6))
    assert first.features.equals(again.features)
    assert (first.leaves_after == again.leaves_after).all()
    assert (first.leaves_after != other.leaves_after).any()


def test_a_world_without_effects_has_none() -> None:
    world = World.simulate(1_000, 3, Kind(strength=0.0))
    assert not world.effect.any()
    assert (world.leaves_after == world.leaves[:, None]).all()


def test_the_second_family_is_built_differently(world: World, second: World) -> None:
    """Few kinds of customers instead of sums of log-odds, few who pay most; one world, one set of rules."""
    assert len(numpy.unique(second.churn)) <= 40 < len(numpy.unique(world.churn))
    assert second.value.mean() == pytest.approx(world.value.mean(), rel=0.05)
    assert numpy.quantile(second.value, 0.999) > 2.5 * numpy.quantile(world.value, 0.999)
    earlier = World.simulate(5_000, 77, Kind(neighbours=True), rules=1)
    assert numpy.isin(earlier.churn, second.churn).all()
    assert not numpy.isin(World.simulate(5_000, 77, Kind(neighbours=True)).churn, second.churn).any()


def test_a_company_does_not_see_hidden_drivers() -> None:
    world = World.simulate(500, 8, Kind(hidden=0.25))
    assert 2 <= len(world.hidden) <= 3
    assert set(world.hidden) < set(DRIVERS)
    assert not set(world.hidden) & set(world.visible.columns)
    assert World.simulate(400, 9, Kind(hidden=0.25), rules=8).hidden == world.hidden


def test_nobody_changes_nothing_and_costs_nothing(study: Study) -> None:
    for measure in MEASURES:
        assert not study.values("nobody", measure).any()


def test_every_policy_keeps_to_the_budget(study: Study, null: Study) -> None:
    for each in (study, null):
        for policy in POLICIES:
            assert (each.values(policy, "cost") <= each.scenario.budget + 1e-9).all()


def test_policies_by_chance_and_risk_spend_the_whole_budget(study: Study) -> None:
    for policy in ("random", "highest risk", "highest risk × value"):
        assert study.values(policy, "cost") == pytest.approx(SMALL.budget, abs=0.02)


def test_nothing_beats_the_oracle_in_expectation(study: Study) -> None:
    best = study.values("oracle", "expected_net")
    for policy in (*POLICIES[:5], "clairvoyant"):
        assert (study.values(policy, "expected_net") <= best * (1.0 + 1e-4)).all()
    assert (study.values("clairvoyant", "net") > study.values("oracle", "net")).all()


def test_who_cannot_learn_from_a_trial_does_without_and_goes_by_risk_and_value(study: Study) -> None:
    for seed in study.seeds:
        assert seed.trial.contacted == 0.0
        assert seed.proven == ()
        assert seed.results[OURS].expected_net > 0.7 * seed.results["highest risk × value"].expected_net > 0.0


def test_ours_are_the_functions_of_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """What decides and learns in the simulation is what `churn campaign` imports, nothing else."""
    from churn_cli.commands import campaign

    for name in ("make_plan", "learn_from", "Measured", "detectable", "worth_of_trial"):
        assert getattr(company, name) is getattr(campaign, name)
    shipped = {action.id: action.effect for action in load_usecase("telecom").actions}
    assert all(action.effect == shipped[action.id] for action in WHAT_ACTIONS_SAY)
    monkeypatch.setattr(company, "make_plan", None)
    with pytest.raises(TypeError):
        simulate_once(SMALL, 1)


def test_where_no_action_does_anything_that_is_found_out_and_little_is_spent(null: Study) -> None:
    assert null.claims() == 0
    assert null.share_of_oracle() is None
    for seed in null.seeds:
        assert 0.0 < seed.trial.cost <= 0.1 * null.scenario.budget + 1e-9
        assert seed.results[OURS].reduction == 0.0
        assert seed.results[OURS].cost < 0.6 * seed.results["highest risk"].cost
        assert seed.results["oracle"].contacted == 0.0


def test_who_would_wait_too_long_for_a_trial_makes_none() -> None:
    """Before, a quarter of the would-be leavers was gone when the campaign began: it brought less than no trial."""
    late = simulate_once(replace(NULL, gone=0.25), 3)
    assert late.trial.contacted == 0.0
    assert late.results[OURS].contacted > 0.2


def test_the_ranked_take_the_action_that_earns_most(world: World) -> None:
    choice = policies.ranked(world, world.churn, 3.0 * len(world))
    contacted = choice != NOTHING
    (action,) = set(choice[contacted])
    assert world.churn[contacted].min() >= world.churn[~contacted].max()
    count = int(3.0 * len(world) // world.cost[action])
    assert contacted.sum() == count
    order = numpy.argsort(-world.churn, kind="stable")
    nets = [world.net[order[: int(3.0 * len(world) // cost)], each].sum() for each, cost in enumerate(world.cost)]
    assert policies.expected_net(world, choice) == pytest.approx(max(nets))


def test_intervals_are_students() -> None:
    found = estimate(numpy.array([1.0, 2.0, 3.0, 4.0]))
    assert (found.mean, found.low, found.high) == pytest.approx((2.5, 0.4457, 4.5543), abs=1e-3)
    assert not estimate(numpy.array([1.0])).known


def test_what_was_stopped_goes_on_and_other_code_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = [replace(SMALL, customers=1_000), replace(SMALL, customers=1_500)]
    assert run_studies(kinds, [2, 1], Worlds(tmp_path), seconds=0.0) == []
    whole = run_studies(kinds, [1, 1], Worlds(tmp_path))
    assert [study.seeds[0].seed for study in whole] == [FIRST_SEED, FIRST_SEED]
    assert run_studies(kinds, [2, 1], Worlds(tmp_path), seconds=0.0) == whole
    monkeypatch.setattr("churn_campaigns.policy_simulation.kept.code_digest", lambda: "another")
    assert run_studies(kinds, [1, 1], Worlds(tmp_path), seconds=0.0) == []


def test_the_curve_has_both_families_at_every_size() -> None:
    kinds = scenarios((5_000, 50_000), 50_000)
    assert len({kind.key for kind in kinds}) == len(kinds) == 12
    for neighbours in (False, True):
        own = [kind for kind in kinds if kind.kind.neighbours == neighbours]
        assert [kind.customers for kind in own[:2]] == [5_000, 50_000]
        assert {(kind.kind.hidden, kind.kind.strength, kind.gone) for kind in own[2:]} == {
            (0.25, 1.0, 0.0), (0.0, 0.5, 0.0), (0.0, 1.0, 0.25), (0.0, 0.0, 0.0),
        }  # fmt: skip


def test_document_and_report_share_one_table_of_assumptions(study: Study, tmp_path: Path) -> None:
    assert assumption_table() in PAGE.read_text(encoding="utf-8")
    write_files([study], tmp_path)
    assert assumption_table() in (tmp_path / "simulated-policies.md").read_text(encoding="utf-8")


def test_the_report_says_simulation_and_what_is_assumed(study: Study, null: Study, tmp_path: Path) -> None:
    text = as_text([study, null])
    assert text.startswith("SIMULATION")
    assert all(f"{what}: {assumed}" in text for what, assumed in ASSUMPTIONS)
    assert "nothing to gain" in text
    write_files([study, null], tmp_path / "new" / "folder")
    files = sorted(path.name for path in (tmp_path / "new" / "folder").iterdir())
    assert files == ["simulated-policies.csv", "simulated-policies.md", "simulated-policies.png"]
    with (tmp_path / "new" / "folder" / "simulated-policies.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * len(POLICIES)
    assert "SIMULATION" in (tmp_path / "new" / "folder" / "simulated-policies.md").read_text(encoding="utf-8")


def test_the_document_holds_every_figure(study: Study, null: Study) -> None:
    document = json.loads(json.dumps(as_document([study, null])))
    assert document["simulated"] is True
    first, other = document["scenarios"]
    assert set(first["policies"]) == set(POLICIES)
    ours = first["policies"][OURS]["net"]
    assert ours["low"] < ours["mean"] < ours["high"]
    assert first["ours_less"]["random"]["net"]["mean"] == pytest.approx(
        ours["mean"] - first["policies"]["random"]["net"]["mean"]
    )
    needed = first["customers_to_confirm"]
    assert needed["per_arm"] > 100
    assert needed["reduction"] == pytest.approx(first["policies"][OURS]["reduction"]["mean"])
    assert other["worlds_with_a_claim"] == 0
    assert other["policies"][OURS]["net"]["high"] is None
    assert other["customers_to_confirm"] is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--worlds", "0"], "--worlds: is 0, at least 1 was expected"),
        (["--sizes", "10"], "--sizes: is 10, at least 1000 was expected"),
        (["--usual", "10"], "--usual: is 10, at least 1000 was expected"),
        (["--minutes", "0"], "--minutes: is 0, more than 0 was expected"),
    ],
    ids=["worlds", "sizes", "usual", "minutes"],
)
def test_bad_numbers_are_refused_in_one_line(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert not captured.out


def test_the_command_prints_json_last_and_writes_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_studies(scenarios((1_000,), 1_000)[:1], [1], Worlds(tmp_path))
    arguments = ["--worlds", "1", "--sizes", "1000", "--usual", "1000", "--minutes", "1e-9", "--json"]
    assert main([*arguments, "--out", str(tmp_path)]) == 0
    said = capsys.readouterr()
    (found,) = json.loads(said.out.splitlines()[-1])["scenarios"]
    assert found["worlds"] == 1
    assert found["scenario"]["customers"] == 1000
    assert "SIMULATION" in said.err
    assert (tmp_path / "simulated-policies.png").stat().st_size > 10_000
