"""The DAG of continuous training on the cluster, by an Airflow outside that may do in the namespace what its role says
and nothing else: to the end though a pod is killed; a drift trains once; a challenger that is no better is refused by
the gate; bad input is not tried again. The customers are simulated ones of a bank: nobody else's champion is in it."""

import itertools
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.airflow.airflow_runs import Airflow
from tests.e2e.airflow_cluster import account, cronjob_with, drift_of_the_champion
from tests.e2e.cluster import Cluster
from tests.e2e.commands import ROOT, churn, succeed
from tests.e2e.conftest import NAMESPACE
from tests.e2e.figures import Figures
from tests.e2e.release import Release
from tests.e2e.storage import put_objects, storage_of
from tests.e2e.waiting import wait_until

pytestmark = pytest.mark.timeout(3000)
USECASE = "banking"
STEPS = ("ingest", "validate", "train", "compare", "gate", "promote")
DATA, LOG = "s3://churn-data/e2e-airflow/", "s3://churn-data/e2e-airflow-log/"
# Another seed than those of other tests, so that nothing of theirs is reused.
WORDS = ["train", "--usecase", USECASE, "--budget", "0", "--seed", "11", "--verbose", "--json"]
ASKED = ["--labels", "0", "--cool-down", "0", "--store", LOG]
Parameters = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="module")
def airflow(release: Release, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Airflow:
    """An Airflow with the rights of the shipped role."""
    del release
    home = tmp_path_factory.mktemp("airflow")
    python = succeed([str(ROOT / "ci" / "airflow"), "--python"], 600).splitlines()[-1]
    made = Airflow(python, home, account(cluster, home / "kubeconfig"))
    made.migrate()
    return made


@pytest.fixture(scope="module")
def parameters(release: Release, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Parameters:
    """The DAG's for a file of customers: many, fewer others, and such as nobody can use."""
    del release
    folder = tmp_path_factory.mktemp("customers")
    for name, rows in (("many", 4000), ("fewer", 1500)):
        words = ["--rows", str(rows), "--seed", str(rows), "--out", str(folder / f"simulated-{name}.csv")]
        ended = churn("simulate", "--usecase", USECASE, *words, home=folder)
        assert ended.returncode == 0, ended.stderr
    broken = (folder / "simulated-fewer.csv").read_text().replace("months_inactive", "months_asleep", 1)
    (folder / "simulated-broken.csv").write_text(broken)
    with storage_of(cluster) as client:
        put_objects(client, DATA, {path.name: path.read_bytes() for path in folder.glob("simulated-*.csv")})
    usual = cronjob_with(cluster, WORDS, folder / "cronjob.yaml")
    return lambda name: {**usual, "triggers": ASKED, "accept": ["volume"], "data": f"{DATA}simulated-{name}.csv"}


def test_the_dag_runs_to_its_end_though_a_pod_is_killed_and_the_same_drift_trains_once(
    airflow: Airflow, parameters: Parameters, cluster: Cluster, figures: Figures, tmp_path: Path
) -> None:
    killed: list[str] = []
    thread = threading.Thread(target=_kill_the_first_that_trains, args=(cluster, killed), daemon=True)
    thread.start()
    seconds = [time.monotonic()]
    said = airflow.run("2026-03-01", parameters("many"), {}, 1000)
    thread.join(10)
    states = airflow.states("2026-03-01")
    assert {name: states[name][0] for name in STEPS} == dict.fromkeys(STEPS, "success"), said
    assert (len(killed), states["due"][0], states["train"][1]) == (1, "skipped", 2), said
    assert "reused from run" in said
    assert '"champion": null' in said
    seconds.append(time.monotonic())

    drift_of_the_champion(cluster, USECASE, "logins_per_month", LOG, tmp_path)
    said = airflow.run("2026-03-02", parameters("fewer"), {"ask": True}, 1000)
    states = airflow.states("2026-03-02")
    assert states["due"][0] == "success", said
    assert re.search("a training is due: drift: .*logins", said), said
    assert [states[name][0] for name in STEPS] == ["success"] * 4 + ["skipped"] * 2, said
    refusal = f"churn: churn-{USECASE} version 2: the gate did not pass it (asked not to be; the gate: version 1 stays"
    assert refusal in said, said
    seconds.append(time.monotonic())

    said = airflow.run("2026-03-03", parameters("broken"), {"ask": True}, 400)
    states = airflow.states("2026-03-03")
    assert (states["due"][0], states.get("ingest", ("skipped", 0))[0]) == ("skipped", "skipped"), said
    assert re.search("no training is due: .*drift: already trained on it: version 2 ", said), said
    seconds.append(time.monotonic())
    first, second, third = (round(after - before, 1) for before, after in itertools.pairwise(seconds))
    figures.record("Airflow's DAG", killed_once=first, refused=second, same_drift_again=third)


def test_bad_input_is_not_tried_again(airflow: Airflow, parameters: Parameters) -> None:
    said = airflow.run("2026-03-04", parameters("broken"), {}, 400)
    states = airflow.states("2026-03-04")
    assert parameters("broken")["retries"] > 1
    assert states["validate"] == ("failed", 1), said
    assert "months_inactive" in said
    assert states["train"][0] == "upstream_failed", said


def _kill_the_first_that_trains(cluster: Cluster, killed: list[str]) -> None:
    """As soon as it has measured something."""

    def training() -> str:
        pods = [pod for pod in cluster.pods("training") if pod.metadata.name.startswith("churn-train-")]
        return next((pod.metadata.name for pod in pods if pod.spec.containers[0].args[0] == "train"), "")

    name = wait_until(training, 600, "training pod", every=0.3)
    wait_until(lambda: "profit per customer" in cluster.log(name, "training"), 600, "finished candidate", every=0.3)
    cluster.core.delete_namespaced_pod(name, NAMESPACE, grace_period_seconds=0)
    killed.append(name)
