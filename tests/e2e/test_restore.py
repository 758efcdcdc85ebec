"""The cluster is gone. Out of the repository, object storage and kept keys a new one serves what the old one served:
`ci/restore` is all that a person runs, KServe and the environment follow, and MLflow's registry is rebuilt.

It wants a cluster without anything (`ci/e2e --restore` starts one), and is the only test that does.
"""

import functools
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from git_server import git
from tests.e2e.cluster import Cluster
from tests.e2e.commands import json_of, succeed, tool
from tests.e2e.conftest import FOLDER, GRPC, HTTP
from tests.e2e.figures import Figures
from tests.e2e.gitops import APPLICATION, Company, company, credentials
from tests.e2e.inside import mlflow_of
from tests.e2e.lost_cluster import ADDRESS, Kept, certificate, described, kept
from tests.e2e.steady_load import SteadyLoad, Tally, Target

pytestmark = pytest.mark.timeout(900)
APPLICATIONS = {"kserve-definitions", "kserve", APPLICATION, "churn-root"}
HEALTHY = re.compile(r"^restore: (\d+) s: (\S+) is healthy$", re.MULTILINE)
IMPATIENT, PATIENT = "5", "400"
HTTP_RATE, GRPC_RATE = 10, 1


@dataclass(frozen=True)
class Restored:
    """`told` is what `ci/restore` said the second time, which began `again` seconds after everything, and everything
    was healthy at `whole`. Callers have asked since `started`, with the key of before."""

    company: Company
    load: SteadyLoad
    started: float
    again: float
    whole: float
    told: str

    def over_http(self, begin: float, end: float) -> Tally:
        """Requests of a span. A client of gRPC is another matter: its library has waited longer from try to try."""
        return Tally([one for one in self.load.between(begin, end).records if one.protocol == "http"])


@pytest.fixture(scope="module")
def figures() -> Figures:
    return Figures(FOLDER / "restore.json")


@pytest.fixture(scope="module")
def empty() -> Cluster:
    """A cluster of which nobody has made anything."""
    found = succeed([tool("kubectl"), "get", "namespaces", "--output", "name"], 30).split()
    made = {name.removeprefix("namespace/") for name in found}
    assert not made & {"argocd", "kserve", APPLICATION}, f"not empty: {made}; ci/e2e --restore starts one that is"
    return Cluster(APPLICATION)


@pytest.fixture(scope="module")
def left(empty: Cluster, package_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    del empty  # look before minutes are spent
    with kept(tmp_path_factory.mktemp("kept"), package_folder) as found:
        yield found


@pytest.fixture(scope="module")
def restored(
    empty: Cluster, left: Kept, telco_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Restored]:
    folder = tmp_path_factory.mktemp("restored")
    target = Target(HTTP, GRPC, left.key["key"], telco_path)
    with SteadyLoad(target, FOLDER / "load" / "restore.jsonl", HTTP_RATE, GRPC_RATE) as load:
        started = time.time()
        with company(folder, empty, functools.partial(described, company=left), ADDRESS) as made:
            keys = keys_kept(left, made, folder / "kept")
            interrupted(made, keys)
            again = time.time() - started
            told = restore(made, keys, PATIENT)
            assert told.returncode == 0, (told.stderr, {name: made.state(name) for name in APPLICATIONS})
            made.wait_synced(git("rev-parse", "HEAD", folder=made.checkout))
            yield Restored(made, load, started, again, time.time(), told.stderr)


def test_a_cluster_comes_back_from_git_and_object_storage(
    empty: Cluster, left: Kept, restored: Restored, figures: Figures
) -> None:
    load, started = restored.load, restored.started
    healthy = {name: restored.again + int(after) for after, name in HEALTHY.findall(restored.told)}
    assert set(healthy) == APPLICATIONS, restored.told
    seconds = {f"{name.replace('-', '_')}_healthy": round(after, 1) for name, after in healthy.items()}
    seconds["first_answer_by_the_primary"] = load.wait_for("primary", 60, since=started)
    rebuilt = rebuild(empty, left)
    seconds["registry_rebuilt"] = round(time.time() - started, 1)
    answered = [one for one in load.since(started).records if not one.failure]
    assert {one.model for one in answered if one.served_by == "primary"} == {left.served.digest}
    assert rebuilt["champion"] == left.trained["version"], rebuilt
    assert [one["digest"] for one in rebuilt["versions"]] == [left.served.digest]
    restored.over_http(restored.whole, time.time() - 1).assert_none_failed(50)
    first = min(one.due for one in answered)
    seconds["first_answer"] = round(first - started, 1)
    figures.record("a cluster restored", **seconds)
    figures.record("HTTP since the first answer", **restored.over_http(first, time.time() - 1).figures())
    again = min((one.due - started for one in answered if one.protocol == "grpc"), default=None)
    figures.record("gRPC", first_answer=again and round(again, 1))


def keys_kept(left: Kept, made: Company, folder: Path) -> Path:
    """What nobody can make again, as files that people keep: namespaces first, since files are applied by name."""
    folder.mkdir()
    secrets = {APPLICATION: list(left.secrets()), "kserve": certificate()}
    names = [*secrets, "argocd"]
    namespaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in names]
    (folder / "00-first.yaml").write_text(yaml.safe_dump_all([*namespaces, json.loads(credentials(made.host))]))
    for namespace, objects in secrets.items():
        for one in objects:
            one["metadata"]["namespace"] = namespace
        (folder / f"{namespace}.yaml").write_text(yaml.safe_dump_all(objects))
    return folder


def interrupted(made: Company, keys: Path) -> None:
    """Whoever cannot wait is told what is not there yet, and that the same command goes on."""
    told = restore(made, keys, IMPATIENT)
    last = told.stderr.splitlines()[-1]
    assert told.returncode == 1, told.stderr
    assert last.startswith(f"restore: after {IMPATIENT} s not healthy:"), told.stderr
    assert " churn-root" in last, told.stderr
    assert last.endswith(", and run this again"), told.stderr


def restore(made: Company, keys: Path, wait_seconds: str) -> "subprocess.CompletedProcess[str]":
    """`ci/restore` of the company's checkout; Argo CD runs already, as processes of this machine."""
    search = f"{Path(tool('kubectl')).parent}:{os.environ['PATH']}"
    return subprocess.run(
        [str(made.checkout / "ci" / "restore"), str(keys)],
        env={**os.environ, "PATH": search, "WAIT_SECONDS": wait_seconds},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def rebuild(cluster: Cluster, left: Kept) -> dict[str, Any]:
    """`churn registry rebuild` of the new cluster's empty MLflow; what `churn models` says then."""
    with mlflow_of(cluster) as address:
        done = json_of(left.machine.churn("registry", "rebuild", "--json", CHURN_TRACKING_URI=address))
        assert done["problems"] == [], done
        return json_of(left.machine.churn("models", "--json", CHURN_TRACKING_URI=address))
