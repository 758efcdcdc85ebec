"""What Argo CD is told: an environment renders within its rights, nothing runs at every sync, nothing kept is pruned;
and what Argo CD thinks of the health of objects, asked of its own program.
"""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from churn_delivery.layout import FILES
from git_server import GitHost
from tests.charts.rendered import Chart
from tests.e2e.gitops import credentials

ROOT = Path(__file__).resolve().parents[2]
ARGOCD = ROOT / "manifests" / "argocd"
ENVIRONMENTS = ("dev", "staging", "prod")
CLUSTER_SCOPED = {"PriorityClass"}


def objects(path: Path) -> dict[str, dict[str, Any]]:
    return {one["kind"]: one for one in yaml.safe_load_all(path.read_text())}


def rendered(environment: str, chart: Chart) -> list[dict[str, Any]]:
    helm = objects(ARGOCD / "apps" / f"{environment}.yaml")["Application"]["spec"]["source"]["helm"]
    return chart.render({}, *((chart.folder / file).resolve(strict=True) for file in helm["valueFiles"]))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_application_reads_all_files_of_its_environment_and_no_other(environment: str) -> None:
    spec = objects(ARGOCD / "apps" / f"{environment}.yaml")["Application"]["spec"]
    own = [f"../../manifests/envs/{environment}/{name}" for name in FILES]
    assert spec["source"]["helm"]["valueFiles"] == ["../../manifests/argocd/values.yaml", *own]
    assert spec["source"]["path"] == "charts/churn"
    assert spec["project"] == f"churn-{environment}"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_project_allows_what_its_environment_renders_and_no_secret(environment: str, chart: Chart) -> None:
    project = objects(ARGOCD / "apps" / f"{environment}.yaml")["AppProject"]["spec"]
    namespaced = {(one["group"], one["kind"]) for one in project["namespaceResourceWhitelist"]}
    scoped = {(one["group"], one["kind"]) for one in project["clusterResourceWhitelist"]}
    assert [one["namespace"] for one in project["destinations"]] == [f"churn-{environment}"]
    assert not {kind for _, kind in namespaced | scoped} & {"Secret", "*", "ClusterRole", "ClusterRoleBinding"}
    for one in rendered(environment, chart):
        if one["kind"] == "Pod":
            continue  # of `helm test`, which Argo CD leaves out
        allowed = scoped if one["kind"] in CLUSTER_SCOPED else namespaced
        assert (one["apiVersion"].rpartition("/")[0], one["kind"]) in allowed
    assert (scoped == {("", "Namespace")}) == (environment != "staging"), "only staging makes priorities of its own"


RUNBOOK = ROOT / "manifests/runbooks/tasks/restore-cluster.md"
NAMED_BY = ("secretName", "secretKeyRef", "secret")


def secrets(node: Any) -> set[str]:
    """Names of all Secrets that an object asks for."""
    if isinstance(node, list):
        return set().union(*map(secrets, node))
    if not isinstance(node, dict):
        return set()
    asked = (node[key] for key in NAMED_BY if key in node)
    names = {each if isinstance(each, str) else each.get("name") for each in asked}
    return (names - {None}) | set().union(*map(secrets, node.values()))


def test_the_runbook_names_every_secret_that_production_wants_of_a_new_cluster() -> None:
    """Argo CD makes none of them: what was not kept keeps its pods from starting."""
    wanted = secrets(list(yaml.safe_load_all((ROOT / "manifests/rendered/prod.yaml").read_text())))
    kept = yaml.safe_load((ROOT / "manifests/envs/prod/env.yaml").read_text())["secrets"]["existing"].values()
    assert len(wanted & set(kept)) > 5
    assert [name for name in wanted - set(kept) if f"`{name}`" not in RUNBOOK.read_text()] == []


def test_the_runbook_shows_the_secrets_form_that_argo_cd_reads() -> None:
    """As the restored cluster of tests/e2e was given it, for the repository that the root names."""
    (text,) = re.findall(r"```yaml\n(.*?)```", RUNBOOK.read_text(), re.DOTALL)
    *namespaces, secret = yaml.safe_load_all(text)
    given = json.loads(credentials(GitHost(ROOT, 80)))
    assert {one["metadata"]["name"] for one in namespaces} == {"churn-prod", secret["metadata"]["namespace"]}
    assert secret["metadata"] == given["metadata"]
    assert secret["stringData"].keys() == given["stringData"].keys()
    assert secret["stringData"]["url"] == objects(ARGOCD / "root.yaml")["Application"]["spec"]["source"]["repoURL"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_nothing_runs_at_every_sync(environment: str, chart: Chart) -> None:
    hooks = [one for one in rendered(environment, chart) if "helm.sh/hook" in one["metadata"].get("annotations", {})]
    assert [one["kind"] for one in hooks] == ["Pod"], "the pod of `helm test` alone"


def test_secrets_are_made_once_by_a_job_named_by_what_it_does(chart: Chart) -> None:
    def bootstrap(**values: Any) -> dict[str, Any]:
        documents = chart.render({"installation": {"hooks": False}, **values})
        (job,) = [one for one in documents if one["metadata"]["name"].startswith("churn-bootstrap-")]
        return job

    job = bootstrap()
    assert job["metadata"]["annotations"] == {"argocd.argoproj.io/sync-wave": "-10"}
    assert bootstrap(gateway={"canaryPercent": 0})["metadata"]["name"] == job["metadata"]["name"]
    assert bootstrap(image={"tag": "9.9.9"})["metadata"]["name"] != job["metadata"]["name"]


def test_volumes_of_staging_outlive_their_application(chart: Chart) -> None:
    claims = [one for one in rendered("staging", chart) if one["kind"] == "PersistentVolumeClaim"]
    assert len(claims) == 2
    assert all(one["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep" for one in claims)


def test_platform_comes_before_environments_and_production_last() -> None:
    waves: dict[str, int] = {}
    for path in (ARGOCD / "apps").glob("*.yaml"):
        for one in yaml.safe_load_all(path.read_text()):
            wave = int(one["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"])
            waves[f"{one['kind']}/{one['metadata']['name']}"] = wave
    projects = max(wave for name, wave in waves.items() if name.startswith("AppProject/"))
    apps = [f"Application/{name}" for name in ("kserve-definitions", "kserve", "churn-staging", "churn-prod")]
    assert waves["ConfigMap/argocd-cm"] < projects < waves[apps[0]]
    assert sorted(apps, key=waves.__getitem__) == apps


def service(observed: int = 3, ready: str = "True", model: str = "UpToDate") -> dict[str, Any]:
    """As KServe writes it: `observed` is the generation of its Deployment, which begins anew with that."""
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "churn-primary", "generation": 3},
        "status": {
            "observedGeneration": observed,
            "conditions": [{"type": "Ready", "status": ready, "reason": "because"}],
            "modelStatus": {"transitionStatus": model, "lastFailureInfo": {"message": "signature is not trusted"}},
        },
    }


def suspended() -> dict[str, Any]:
    spec = {"suspend": True, "schedule": "0 3 * * 0"}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "training"}, "spec": spec}


def test_what_argo_cd_thinks_of_health() -> None:
    program = os.environ.get("CHURN_ARGOCD")
    if not program:
        program = subprocess.run(
            [ROOT / "ci/cluster/build-argocd"], check=True, stdout=subprocess.PIPE, text=True
        ).stdout
    unseen = service()
    del unseen["status"]
    asked = {
        "Healthy": (service(), service(observed=1), suspended()),
        "Progressing": (unseen, service(ready="False", model="InProgress")),
        "Degraded": (service(ready="False", model="BlockedByFailedLoad"), service(model="InvalidSpec")),
    }
    found = subprocess.run(
        [program.strip(), ARGOCD / "apps" / "configuration.yaml"],
        input="\n".join(json.dumps(one) for group in asked.values() for one in group),
        env={**os.environ, "ARGOCD_BINARY_NAME": "argocd-health"},
        check=True,
        capture_output=True,
        text=True,
    )
    answers = [json.loads(line) for line in found.stdout.splitlines()]
    assert [one["status"] for one in answers] == [status for status, group in asked.items() for _ in group]
    assert answers[-1]["message"] == "InvalidSpec: signature is not trusted"
