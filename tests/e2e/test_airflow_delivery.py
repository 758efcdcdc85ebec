"""The DAG of continuous training to its very end: what passed the gate goes on trial by a commit that a pod pushes, the
steps of the trial make it the primary's model, and the DAG's last tasks say so. Argo CD deploys each commit; under load
nobody's request fails.

It takes longer than continuous integration has for it: `ci/e2e --delivery`.
"""

import base64
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import kubernetes.client
import pytest
import yaml

from git_server import PASSWORD, USER, git
from tests.airflow.airflow_runs import Airflow
from tests.e2e.airflow_cluster import cronjob_with
from tests.e2e.cluster import SERVING, Cluster
from tests.e2e.conftest import LoadStarter
from tests.e2e.figures import Figures
from tests.e2e.gitops import APPLICATIONS_FOLDER, ENVIRONMENT, ENVIRONMENT_FOLDER, Company, company, deploy, taken_over
from tests.e2e.lost_cluster import ADDRESS
from tests.e2e.release import CHART, PRESET, VALUES, Release
from tests.e2e.rollouts import Operator
from tests.e2e.storage import put_objects, storage_of
from tests.e2e.test_airflow import airflow
from tests.e2e.test_rollouts import CANARY, RULES
from tests.e2e.waiting import wait_until

__all__ = ["airflow"]  # a fixture

pytestmark = pytest.mark.timeout(1800)
DATA = "s3://churn-data/e2e-airflow-delivery/"
WORDS = ["train", "--usecase", "telecom", "--budget", "0", "--seed", "21", "--verbose", "--json"]
TASKS = ("ingest", "validate", "train", "compare", "gate", "promote", "deliver", "watch", "kept")
SECRET = "e2e-git"


@pytest.fixture(scope="module")
def operator(release: Release, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """Of a company whose git server pods of trainings may reach, with its password in a Secret."""
    release.upgrade_to(CHART, PRESET, "--values", str(VALUES))
    cluster.wait_settled(*SERVING)

    def describe(checkout: Path) -> None:
        taken_over(checkout, cluster.namespace)
        application = (checkout / APPLICATIONS_FOLDER / f"{ENVIRONMENT}.yaml").read_text()
        (port,) = set(re.findall(rf"http://{re.escape(ADDRESS)}:(\d+)/", application))
        path = checkout / ENVIRONMENT_FOLDER / "env.yaml"
        values = yaml.safe_load(path.read_text())
        egress = [{"to": [{"ipBlock": {"cidr": f"{ADDRESS}/32"}}], "ports": [int(port)]}]
        values.setdefault("networkPolicy", {})["more"] = {"training": {"egress": egress}}
        path.write_text(yaml.safe_dump(values))

    with company(tmp_path_factory.mktemp("company"), cluster, describe, ADDRESS) as made:
        commit = deploy(made)
        made.wait_synced(commit)
        made.adopt(commit)
        cluster.wait_settled("primary")
        secret = kubernetes.client.V1Secret(
            metadata=kubernetes.client.V1ObjectMeta(name=SECRET),
            data={"token": base64.b64encode(PASSWORD.encode()).decode()},
        )
        cluster.core.create_namespaced_secret(cluster.namespace, secret)
        operator = Operator(made, tmp_path_factory.mktemp("operator"))
        operator.rule({**RULES, "steps": [10, 100], "sample": 300}, CANARY)
        yield operator
        cluster.core.delete_namespaced_secret(SECRET, cluster.namespace)


@pytest.fixture
def parameters(operator: Operator, cluster: Cluster, telco_path: Path, tmp_path: Path) -> dict[str, Any]:
    """The DAG's: real customers, and where a version goes on trial."""
    with storage_of(cluster) as client:
        put_objects(client, DATA, {"customers.csv": telco_path.read_bytes()})
    delivery = {
        "environment": ENVIRONMENT, "url": operator.company.host.address("platform"), "branch": "main",
        "environments": "manifests/envs", "username": USER, "secret": SECRET, "key": "token",
        "name": "Churn training", "email": "training@churn.invalid", "looks": 200, "look_minutes": 0,
    }  # fmt: skip
    usual = cronjob_with(cluster, WORDS, tmp_path / "cronjob.yaml")
    return {**usual, "data": f"{DATA}customers.csv", "delivery": delivery}


def test_the_dag_delivers_and_watches_until_the_trial_is_over(
    airflow: Airflow,
    operator: Operator,
    parameters: dict[str, Any],
    start_load: LoadStarter,
    figures: Figures,
    tmp_path: Path,
) -> None:
    with start_load() as load, ThreadPoolExecutor(1) as pool:
        stepping = pool.submit(take_steps, operator, tmp_path / "prometheus")
        said = airflow.run("2026-04-01", parameters, {}, 1500)
        states = airflow.states("2026-04-01")
        assert {name: states.get(name, ("", 0))[0] for name in TASKS} == dict.fromkeys(TASKS, "success"), said[-6000:]
        digest = stepping.result(60)
        load.wait_for_model(digest, 60)
        tally = load.stop()
    tally.assert_none_failed(3000)
    assert operator.values() == {"canary": CANARY}
    figures.record("Airflow's DAG delivers", **tally.figures(), looks=states["watch"][1])


def take_steps(operator: Operator, folder: Path) -> str:
    """What the release's CronJob of rollouts does, as soon as a commit begins one; the digest that became the
    primary's."""
    wait_until(lambda: operator.values() != {"canary": CANARY}, 1200, "commit of the DAG", every=1.0)
    begin(operator.company)
    operator.cluster.wait_settled("gateway")
    with operator.watching(folder) as prometheus:
        while (look := operator.look(prometheus)).told["state"] != "finished":
            assert not look.taken_back, look.told
        operator.deploy(look.told["commit"])
    return str(look.told["digest"])


def begin(made: Company) -> None:
    """Take in what a pod has pushed, and have Argo CD bring it to the cluster."""
    git("pull", "--quiet", "--ff-only", str(made.host.folder / "platform.git"), "main", folder=made.checkout)
    git("update-ref", "refs/remotes/origin/main", "HEAD", folder=made.checkout)
    made.refresh()
    made.wait_synced(git("rev-parse", "HEAD", folder=made.checkout), 240)
