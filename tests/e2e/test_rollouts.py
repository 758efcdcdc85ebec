"""Versions on trial by commits that Argo CD deploys: one whose pods die, one that is slow, one whose answers come too
late and one whose scores are wrong are taken back by themselves, a good one becomes the primary's model. Under load
nobody's request fails.

It takes longer than continuous integration has for it: `ci/e2e --delivery`.
"""

import csv
import re
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from kubernetes.client.exceptions import ApiException

from tests.e2e.cluster import Cluster
from tests.e2e.conftest import NAMESPACE, LoadStarter, Training
from tests.e2e.figures import Figures
from tests.e2e.gitops import Company
from tests.e2e.hurt_pods import Hurt, choke, die, spare, starve
from tests.e2e.models import train_on_cluster
from tests.e2e.rollouts import Operator, outcomes_of_canary, wait_for_calls
from tests.e2e.steady_load import SteadyLoad
from tests.e2e.storage import storage_of
from tests.e2e.test_gitops import platform
from tests.e2e.waiting import wait_until

__all__ = ["platform"]  # a fixture

pytestmark = pytest.mark.timeout(1800)
NOT_FOUND = 404
FIRST, *FURTHER = (10, 50, 100)
RULES = {
    "steps": [FIRST, *FURTHER],
    "sample": 600,  # it is asked before anybody can hurt it, the longer the busier the machine
    "shortest": "4s",
    "longest": "20m",
    "block": "2s",
    # How quick a busy machine is, is no matter of tests; a model of real customers says something else than one of
    # simulated ones, and it is by chance who of the load's few customers is on which side.
    "margins": {"errors": 0.2, "timeouts": 0.2, "slow": 0.35, "fallback": 0.2, "scores": 0.45},
}
# A processor that somebody else in the pod can use up; as many pods at each step.
CANARY = {"replicas": 1, "resources": {"requests": {"cpu": "100m"}, "limits": {"cpu": "500m"}}}


@pytest.fixture(scope="module")
def mistaken(
    training: "Future[Training]", cluster: Cluster, telco_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> "Iterator[Future[str]]":
    """A version that learned from customers whose label somebody has turned round; the gate cannot know, for it judges
    by the same labels. Signed by the same key as every other."""
    folder = tmp_path_factory.mktemp("mistaken")

    def trained() -> str:
        training.result()  # one after the other
        with telco_path.open(encoding="utf-8", newline="") as source, (folder / "turned.csv").open("w") as target:
            rows = csv.DictReader(source)
            written = csv.DictWriter(target, list(rows.fieldnames or ()))
            written.writeheader()
            written.writerows({**row, "Churn": {"Yes": "No", "No": "Yes"}[row["Churn"]]} for row in rows)
        with storage_of(cluster) as client:
            client.upload_file(str(folder / "turned.csv"), "churn-data", "turned.csv")
        return str(train_on_cluster(NAMESPACE, folder / "home", "--data", "s3://churn-data/turned.csv")[0]["version"])

    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(trained)


@pytest.fixture(scope="module")
def operator(mistaken: "Future[str]", platform: Company, tmp_path_factory: pytest.TempPathFactory) -> Operator:
    """Rollouts go by :data:`RULES`; trainings run meanwhile."""
    del mistaken
    made = Operator(platform, tmp_path_factory.mktemp("operator"))
    made.rule(RULES, CANARY)
    return made


@pytest.fixture(autouse=True)
def no_canary_left(operator: Operator) -> Iterator[None]:
    """Whatever a test came to, the next one finds no model on trial."""
    yield
    operator.stop()


@pytest.fixture
def version(training: "Future[Training]", mistaken: "Future[str]") -> str:
    """One that learned from real customers; nothing else is trained any more, which would slow the others."""
    mistaken.result()
    return str(training.result()[0]["version"])


class Fault(NamedTuple):
    """What happens to pods, and by which measures it may show."""

    hurt: Hurt
    measures: tuple[str, ...]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(die, ("errors", "timeouts", "fallback")),
        Fault(starve, ("slow", "timeouts", "errors", "fallback")),
        Fault(choke, ("timeouts", "fallback")),
    ],
    ids=["dying", "slow", "late"],
)
def test_a_canary_whose_pods_are_at_fault_is_taken_back(
    operator: Operator, version: str, start_load: LoadStarter, figures: Figures, tmp_path: Path, fault: Fault
) -> None:
    """It is no fault of the model, so somebody who has seen to the pods tries it again (`--force`)."""
    with start_load() as load:
        told = taken_back(operator, load, tmp_path, version, fault.hurt)
    assert any(f" is taken back, worse: {name}: " in told["said"] for name in fault.measures), told
    assert fault.hurt is not choke or told["calls"].get("timeout", 0) > 0, told  # until their probes end the pods
    figures.record(f"a canary taken back, {fault.hurt.__name__}", **told)


def test_a_good_canary_becomes_the_primary(
    operator: Operator, version: str, start_load: LoadStarter, figures: Figures, tmp_path: Path
) -> None:
    reached: dict[str, float] = {}
    with start_load() as load:
        former = model_of(load)
        started = time.time()
        operator.start(version, "--force")
        reached["10 %"] = time.time() - started
        with operator.watching(tmp_path / "prometheus") as prometheus:
            while (look := operator.look(prometheus)).told["state"] != "finished":
                assert not look.taken_back, look.told
                reached.setdefault(f"{look.told['percent']:g} % {look.told['state']}", time.time() - started)
            digest = look.told["digest"]
        operator.deploy(look.told["commit"])
        load.wait_for_model(digest, 60)
        reached["over"] = time.time() - started
        tally = load.stop()
    tally.assert_none_failed(3000)
    assert {"10 % running", "50 % running", "100 % running", "100 % arriving"} <= set(reached), reached
    assert digest != former
    assert_no_canary(operator)
    figures.record(
        "a good canary", **tally.figures(), seconds={name: round(seconds, 1) for name, seconds in reached.items()}
    )


def test_a_canary_of_wrong_scores_is_taken_back(
    operator: Operator, mistaken: "Future[str]", start_load: LoadStarter, figures: Figures, tmp_path: Path
) -> None:
    with start_load() as load:
        told = taken_back(operator, load, tmp_path, mistaken.result(), spare)
    assert " is taken back, worse: scores: " in told["said"], told
    figures.record("a canary taken back, wrong scores", **told)


def model_of(load: SteadyLoad) -> str:
    """The digest of the primary's model."""
    (model,) = load.between(begin := load.wait_for_only("primary", 60), begin + 2).models
    return model


def taken_back(operator: Operator, load: SteadyLoad, folder: Path, version: str, hurt: Hurt) -> dict[str, Any]:
    """Try a version and hurt it as soon as it counts; what there is to quote once it is gone by itself."""
    cluster = operator.cluster
    former = model_of(load)
    started = time.time()
    operator.start(version, "--force")
    tried = time.time()
    seen: set[tuple[str, int]] = set()
    with operator.watching(folder / "prometheus") as prometheus:
        wait_for_calls(operator, prometheus)
        hurt_at = time.time()
        hurt(cluster, seen)
        while not (look := operator.look(prometheus)).taken_back:
            assert look.told["percent"] < FURTHER[-1], look.told
            hurt(cluster, seen)
        committed = time.time()
        outcomes = outcomes_of_canary(prometheus)
    message = operator.message()
    at = re.search(r" back in dev at (\d+) %: it is worse ", message)
    assert at is not None, message
    operator.deploy(look.told["commit"])
    wait_until(lambda: not cluster.pods("canary"), 120, "end of the canary", so_far=operator.company.so_far)
    load.wait_for_model(former, 60)
    gone = time.time()
    assert_no_canary(operator)
    tally = load.stop()
    tally.assert_none_failed(1000)
    until, met = load.between(tried, committed), sum(outcomes.values())
    return {
        **tally.figures(),
        "said": look.told["said"],
        "at_percent": int(at[1]),
        "met_it": met,
        "calls": outcomes,
        "share_that_met_it": round(met / len(load.between(started, committed).records), 4),
        "answered_by_it": tally.served_by["canary"],
        "requests_from_its_start_to_the_commit": len(until.records),
        "seconds": {
            "its_pods_there": round(tried - started, 1),
            "hurt_to_commit": round(committed - hurt_at, 1),
            "commit_to_gone": round(gone - committed, 1),
        },
    }


def assert_no_canary(operator: Operator) -> None:
    """Neither by the server's last commit nor on the cluster."""
    assert operator.values() == {"canary": CANARY}
    with pytest.raises(ApiException) as caught:
        operator.cluster.inference_service("churn-canary")
    assert caught.value.status == NOT_FOUND
