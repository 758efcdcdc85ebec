"""The simulated comparison of policies: small worlds, potential outcomes known."""

import csv
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy
import pytest

from churn_campaigns.policy_simulation import policies
from churn_campaigns.policy_simulation.assumptions import ACTIONS, ASSUMPTIONS
from churn_campaigns.policy_simulation.report import as_document, as_text, write_files
from churn_campaigns.policy_simulation.study import (
    OURS,
    POLICIES,
    RIVALS,
    Scenario,
    SeedResult,
    Study,
    estimate,
    run_study,
    simulate_once,
)
from churn_campaigns.policy_simulation.world import NOTHING, World
from churn_cli.programs.policy_simulation import main

SMALL = Scenario(customers=8_000, waves=(1_500,))
LARGER = Scenario(customers=60_000, waves=(4_000, 4_000))
MEASURES = ("reduction", "net", "expected_net", "cost", "contacted")


@pytest.fixture(scope="module")
def world() -> World:
    return World.simulate(20_000, 1)


@pytest.fixture(scope="module")
def study() -> Study:
    return run_study(SMALL, 2, workers=1)


@pytest.fixture(scope="module")
def null() -> Study:
    return run_study(replace(SMALL, name="no action has any effect", strength=0.0), 2, workers=1)


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
    worlds = [World.simulate(3_000, seed) for seed in range(12)]
    drawn = numpy.mean([world.leaves.mean() - world.leaves_after.mean(axis=0) for world in worlds], axis=0)
    assert drawn == pytest.approx(numpy.mean([world.effect.mean(axis=0) for world in worlds], axis=0), abs=0.006)


def test_the_same_seed_is_the_same_world() -> None:
    first, second, other = (World.simulate(500, seed) for seed in (5, 5, 6))
    assert first.features.equals(second.features)
    assert (first.leaves_after == second.leaves_after).all()
    assert (first.leaves_after != other.leaves_after).any()


def test_a_world_without_effects_has_none() -> None:
    world = World.simulate(1_000, 3, strength=0.0)
    assert not world.effect.any()
    assert (world.leaves_after == world.leaves[:, None]).all()


def test_nobody_changes_nothing_and_costs_nothing(study: Study) -> None:
    for measure in MEASURES:
        assert not study.values("nobody", measure).any()


def test_every_policy_keeps_to_the_budget(study: Study, null: Study) -> None:
    for each in (study, null):
        for policy in POLICIES:
            assert (each.values(policy, "cost") <= SMALL.budget + 1e-9).all()


def test_policies_by_chance_and_risk_spend_the_whole_budget(study: Study) -> None:
    for policy in ("random", "highest risk", "highest risk × value"):
        assert study.values(policy, "cost") == pytest.approx(SMALL.budget, abs=0.01)


def test_nothing_beats_the_oracle_in_expectation(study: Study) -> None:
    best = study.values("oracle", "expected_net")
    for policy in (*POLICIES[:5], "clairvoyant"):
        assert (study.values(policy, "expected_net") <= best * (1.0 + 1e-4)).all()
    assert (study.values("clairvoyant", "net") > study.values("oracle", "net")).all()


def test_ours_learns_more_than_risk_tells() -> None:
    """Where a company is large enough to learn from a part of its customers what it then does for the rest."""
    found = simulate_once(LARGER, 0)
    ours = found.results[OURS]
    assert ours.expected_net > 0.0
    assert all(ours.expected_net > found.results[rival].expected_net for rival in RIVALS)
    assert ours.expected_net > 2.0 * found.waves.expected_net
    assert found.used
    assert 0.0 < found.waves.cost < LARGER.budget / 2.0


def test_waves_cost_no_more_than_their_share(study: Study) -> None:
    assert all(0.0 < seed.waves.cost <= SMALL.budget / 2.0 for seed in study.seeds)


def test_where_no_action_does_anything_ours_only_pays_for_its_waves(null: Study) -> None:
    assert null.claims() == 0
    assert null.share_of_oracle() is None
    for seed in null.seeds:
        assert seed.results[OURS] == seed.waves
        assert seed.results[OURS].reduction == 0.0
        assert seed.results[OURS].net == pytest.approx(-seed.waves.cost)
        assert seed.results["oracle"].contacted == 0.0


def test_the_same_seeds_give_the_same_results_whoever_works(study: Study) -> None:
    assert run_study(SMALL, 2, workers=2) == study


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
    assert estimate(numpy.array([1.0])).high == numpy.inf


def test_the_report_says_simulation_and_what_is_assumed(study: Study, null: Study, tmp_path: Path) -> None:
    text = as_text(study, [null])
    assert text.startswith("SIMULATION")
    assert all(sentence in text for sentence in ASSUMPTIONS)
    assert "no action has any effect (2 worlds)" in text
    assert "claims an effect in 0 worlds" in text
    write_files(study, [null], tmp_path / "new" / "folder")
    files = sorted(path.name for path in (tmp_path / "new" / "folder").iterdir())
    assert files == ["simulated-policies.csv", "simulated-policies.md", "simulated-policies.png"]
    with (tmp_path / "new" / "folder" / "simulated-policies.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4 * len(POLICIES)
    assert "SIMULATION" in (tmp_path / "new" / "folder" / "simulated-policies.md").read_text(encoding="utf-8")


def test_the_document_holds_every_figure(study: Study, null: Study) -> None:
    document = json.loads(json.dumps(as_document(study, [null])))
    assert document["simulated"] is True
    assert set(document["policies"]) == set(POLICIES)
    ours = document["policies"][OURS]["net"]
    assert ours["low"] < ours["mean"] < ours["high"]
    assert document["ours_less"]["random"]["net"]["mean"] == pytest.approx(
        ours["mean"] - document["policies"]["random"]["net"]["mean"]
    )
    assert document["other_scenarios"][0]["worlds_with_a_claim"] == 0
    needed = document["customers_to_confirm"]
    assert needed["per_arm"] > 100
    assert needed["reduction"] == pytest.approx(document["policies"][OURS]["reduction"]["mean"])


def test_no_reduction_needs_no_confirmation(null: Study) -> None:
    assert as_document(null, [])["customers_to_confirm"] is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--seeds", "1"], "--seeds: is 1, at least 2 was expected"),
        (["--customers", "10"], "--customers: is 10, at least 1000 was expected"),
        (["--other-seeds", "1"], "--other-seeds: is 1, but one world has no interval"),
        (["--workers", "0"], "--workers: is 0, at least 1 was expected"),
    ],
)
def test_bad_numbers_are_refused_in_one_line(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert not captured.out


def test_the_command_prints_json_last_and_writes_files(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "churn_cli.programs.policy_simulation", "--seeds", "2", "--customers", "4000"]
    command += ["--other-seeds", "0", "--workers", "1", "--json", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    document = json.loads(done.stdout.splitlines()[-1])
    assert document["worlds"] == 2
    assert document["scenario"]["customers"] == 4000
    assert "SIMULATION" in done.stderr
    assert (tmp_path / "simulated-policies.png").stat().st_size > 10_000


def test_two_worlds_differ(study: Study) -> None:
    first, second = study.seeds
    assert isinstance(first, SeedResult)
    assert first.churn_rate != second.churn_rate
