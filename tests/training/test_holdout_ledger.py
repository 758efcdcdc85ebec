"""Each use of a holdout is counted for good, and what the gate found stays with a version."""

import pytest
from mlflow import MlflowClient

from churn_model.mlflow_registry import MlflowRegistry, connect
from churn_model.package import PackageContents
from churn_model.registry import Registered
from churn_training.comparison.champion_contest import ChampionDecision
from churn_training.packaging.home import Home
from churn_training.packaging.keys import signing_key
from churn_training.runs.gate_tags import gate_tags, objection, tag_version
from churn_training.runs.holdout_ledger import CONTEST, USES, next_contest
from churn_training.runs.tracking import experiment_of

NAME = "churn-sample"


@pytest.fixture
def client(home: Home) -> MlflowClient:
    return connect(home.tracking_uri)


@pytest.fixture
def versions(client: MlflowClient, home: Home, contents: PackageContents) -> list[Registered]:
    run = client.create_run(experiment_of(client, NAME, home)).info.run_id
    return [MlflowRegistry(client).register(contents, signing_key(home), run) for _ in range(2)]


def test_a_model_nobody_knows_is_judged_for_the_first_time(client: MlflowClient) -> None:
    assert next_contest(client, NAME, "aaaa") == 1


def test_every_contest_on_a_holdout_is_counted_and_none_is_forgotten(
    client: MlflowClient, versions: list[Registered]
) -> None:
    assert [next_contest(client, NAME, "aaaa") for _ in range(3)] == [1, 2, 3]
    assert next_contest(client, NAME, "bbbb") == 1
    # What a version says survives its count.
    tag_version(client, versions[0], {CONTEST: "aaaa:7"})
    client.delete_registered_model_tag(NAME, f"{USES}aaaa")
    assert next_contest(client, NAME, "aaaa") == 8
    client.set_registered_model_tag(NAME, f"{USES}aaaa", "nonsense")
    assert next_contest(client, NAME, "aaaa") == 8
    assert next_contest(client, NAME, "bbbb") == 2


def test_only_what_passed_against_the_champion_of_today_needs_no_order(
    client: MlflowClient, versions: list[Registered]
) -> None:
    first, second = versions
    assert objection(client, second, None) == "no gate has judged it"
    tag_version(client, second, gate_tags(ChampionDecision(promoted=False, reason="it is too slow", against="1")))
    assert objection(client, second, first) == "the gate did not pass it (it is too slow)"
    better = ChampionDecision(promoted=False, reason="asked not to be", passed=True, against="1")
    tag_version(client, second, gate_tags(better))
    assert objection(client, second, first) == ""
    assert objection(client, second, second) == ""
    assert objection(client, second, None) == "it passed the gate against version 1, today there is no champion"
