"""Each contest of a champion is counted for good, whoever trains at the same moment; what the gate found stays with a
version."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from mlflow import MlflowClient

from churn_model.mlflow_registry import MlflowRegistry, connect
from churn_model.package import PackageContents
from churn_model.registry import Registered
from churn_training.comparison.champion_contest import ChampionDecision
from churn_training.packaging.home import Home
from churn_training.packaging.keys import signing_key
from churn_training.runs.gate_tags import gate_tags, objection, tag_version
from churn_training.runs.holdout_ledger import AGAINST, CONTEST, next_contest
from churn_training.runs.tracking import experiment_of

NAME = "churn-sample"
Claim = Callable[..., int]


@pytest.fixture
def client(home: Home) -> MlflowClient:
    return connect(home.tracking_uri)


@pytest.fixture
def experiment(client: MlflowClient, home: Home) -> str:
    return experiment_of(client, NAME, home)


@pytest.fixture
def versions(client: MlflowClient, home: Home, experiment: str, contents: PackageContents) -> list[Registered]:
    run = client.create_run(experiment).info.run_id
    return [MlflowRegistry(client).register(contents, signing_key(home), run) for _ in range(2)]


@pytest.fixture
def claim(client: MlflowClient, experiment: str) -> Claim:
    """One more training, and the number of its contest."""

    def claimed(identity: str, champion: str = "1", by: Any = None) -> int:
        run = client.create_run(experiment).info.run_id
        return next_contest(by or client, NAME, run, identity, champion)

    return claimed


def test_every_contest_of_a_champion_on_a_holdout_is_counted(claim: Claim) -> None:
    assert [claim("aaaa", "") for _ in range(2)] == [1, 2]
    assert [claim("aaaa", "1") for _ in range(3)] == [1, 2, 3]
    assert claim("aaaa", "2") == 1
    # Nobody gets error back by making a former champion one again, nor by another salt.
    assert claim("aaaa", "1") == 4
    assert claim("bbbb", "1") == 5
    assert [claim("bbbb", "11"), claim("bbbb", "")] == [1, 3]


def test_a_training_is_counted_once(client: MlflowClient, experiment: str) -> None:
    run = client.create_run(experiment).info.run_id
    assert [next_contest(client, NAME, run, "aaaa", "1") for _ in range(2)] == [1, 1]


def test_no_contest_is_forgotten_with_its_run(
    client: MlflowClient, experiment: str, versions: list[Registered], claim: Claim
) -> None:
    claim("aaaa", "1")
    for run in client.search_runs([experiment]):
        client.delete_run(run.info.run_id)
    assert claim("aaaa", "1") == 2
    # What a version says survives even runs that were purged, for its champion alone.
    tag_version(client, versions[0], {CONTEST: "aaaa:7", AGAINST: "1"})
    assert [claim("aaaa", "1"), claim("aaaa", "2"), claim("bbbb", "1")] == [8, 1, 8]
    tag_version(client, versions[0], {CONTEST: "aaaa:nonsense", AGAINST: "1"})
    assert claim("aaaa", "1") == 5


def test_trainings_at_the_same_moment_spend_no_more_than_one_after_the_other(claim: Claim) -> None:
    with ThreadPoolExecutor(4) as pool:
        numbers = sorted(pool.map(lambda _: claim("aaaa"), range(8)))
    assert all(number >= place for place, number in enumerate(numbers, start=1)), numbers


@pytest.mark.parametrize("moment", ["set_tag", "get_run", "search_runs", "search_model_versions"])
def test_a_training_that_claims_in_the_middle_of_another_is_seen_by_one_of_both(
    moment: str, client: MlflowClient, versions: list[Registered], claim: Claim
) -> None:
    assert versions
    meddled = _Meddling(client, moment, lambda: claim("aaaa"))
    first = claim("aaaa", by=meddled)
    assert sorted([first, *meddled.others]) in ([1, 2], [2, 2])


class _Meddling:
    """A client before whose first call of one method another training claims a contest."""

    def __init__(self, client: MlflowClient, moment: str, other: Callable[[], int]) -> None:
        self._client, self._moment, self._other = client, moment, other
        self.others: list[int] = []

    def __getattr__(self, name: str) -> Any:
        if name == self._moment and not self.others:
            self.others.append(self._other())
        return getattr(self._client, name)


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
