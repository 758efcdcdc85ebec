"""What every pod of every set of values must be, and what must not be in any manifest."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.charts.rendered import LOOKING_BACK, SHOWN, Chart, Document, Pod, nested, only, pods

VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
SERVERS = {
    "gateway", "primary", "canary", "fallback", "mlflow", "object-storage", "drift", "outcomes", "prometheus",
    "alertmanager",
}  # fmt: skip
CHART = Path(__file__).resolve().parents[2] / "charts/churn"
SETS = sorted(str(path.relative_to(CHART)) for path in [*CHART.glob("ci/*-values.yaml"), *CHART.glob("presets/*.yaml")])


@pytest.fixture(scope="session", params=SETS)
def documents(request: pytest.FixtureRequest, chart: Chart) -> list[Document]:
    return chart.render(None, chart.folder / request.param)


def containers(documents: list[Document]) -> Iterator[tuple[Pod, Document]]:
    for pod in pods(documents):
        for container in pod.containers:
            yield pod, container


def test_pods_pass_restricted(documents: list[Document]) -> None:
    for pod in pods(documents):
        context = pod.spec["securityContext"]
        assert context["runAsNonRoot"] is True, pod.owner
        assert context["runAsUser"] == 10001, pod.owner
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}, pod.owner
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.spec.keys(), pod.owner
        for volume in pod.spec["volumes"]:
            assert volume.keys() - {"name"} <= VOLUMES, pod.owner


def test_containers_pass_restricted_and_write_nowhere_but_to_volumes(documents: list[Document]) -> None:
    for pod, container in containers(documents):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
        }, pod.owner
        assert "hostPort" not in str(container.get("ports", [])), pod.owner
        assert "/tmp" in [mount["mountPath"] for mount in container["volumeMounts"]], pod.owner


def test_no_probe_names_a_host(documents: list[Document]) -> None:
    for pod, container in containers(documents):
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            assert "host" not in container.get(probe, {}).get("httpGet", {}), pod.owner


def test_servers_have_all_probes_and_time_to_end(documents: list[Document]) -> None:
    for pod, container in containers(documents):
        if pod.component in SERVERS and container in pod.spec["containers"]:
            assert {"startupProbe", "readinessProbe", "livenessProbe"} <= container.keys(), pod.owner
            wait = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
            assert pod.spec["terminationGracePeriodSeconds"] > wait, pod.owner


def test_reasons_of_failure_are_shown_by_describe(documents: list[Document]) -> None:
    for pod, container in containers(documents):
        assert container["terminationMessagePolicy"] == "FallbackToLogsOnError", pod.owner


def test_memory_is_limited_and_processor_is_not(documents: list[Document]) -> None:
    for pod, container in containers(documents):
        resources = container["resources"]
        assert {"cpu", "memory"} <= resources["requests"].keys(), pod.owner
        assert "memory" in resources["limits"], pod.owner
        assert "cpu" not in resources["limits"], pod.owner


def test_scratch_space_has_an_end(documents: list[Document]) -> None:
    for pod in pods(documents):
        for volume in pod.spec["volumes"]:
            assert volume.get("emptyDir", {"sizeLimit": ""}).keys() >= {"sizeLimit"}, pod.owner


def test_only_hooks_and_the_drift_watch_have_a_token(documents: list[Document]) -> None:
    with_token = {pod.owner for pod in pods(documents) if pod.spec["automountServiceAccountToken"] is not False}
    hooks = {"Job/churn-bootstrap", "Job/retention-first-answer", "Job/churn-first-answer"}
    assert with_token <= hooks | {"Deployment/churn-drift", "Deployment/retention-drift"}
    for pod in pods(documents):
        assert pod.spec["enableServiceLinks"] is False, pod.owner
        assert "serviceAccountName" in pod.spec, pod.owner
    for account in documents:
        if account["kind"] == "ServiceAccount":
            assert account["automountServiceAccountToken"] is False


def test_every_account_is_there_and_used(documents: list[Document]) -> None:
    made = {one["metadata"]["name"] for one in documents if one["kind"] == "ServiceAccount"}
    assert made == {pod.spec["serviceAccountName"] for pod in pods(documents)}


def test_only_hooks_and_the_drift_watch_have_rights(documents: list[Document]) -> None:
    """And those of a hook are gone when it has done its work."""
    for one in documents:
        if one["kind"] in {"Role", "RoleBinding"} and not one["metadata"]["name"].endswith("-drift"):
            assert one["metadata"]["name"].endswith(("-bootstrap", "-first-answer"))
            assert "hook-succeeded" in one["metadata"]["annotations"]["helm.sh/hook-delete-policy"]
    assert not [one for one in documents if one["kind"].startswith("ClusterRole")]


def test_nothing_secret_is_rendered(documents: list[Document]) -> None:
    assert not [one for one in documents if one["kind"] == "Secret"]
    text = yaml.safe_dump_all(documents)
    assert "BEGIN" not in text
    # A key of 32 bytes; unlike the name of a metric it has capitals, too.
    assert not re.search(r"churn_(?=[a-z0-9_-]*[A-Z])[A-Za-z0-9_-]{43}", text)
    for pod, container in containers(documents):
        for variable in container["env"]:
            if re.search(r"SECRET|PASSWORD|TOKEN|KEY", variable["name"]) and "value" in variable:
                assert re.fullmatch(r"/[\w./-]+|[a-z][a-z0-9-]*", variable["value"]), f"{pod.owner}: {variable['name']}"


def test_kserve_sweeps_away_nothing_of_ours(documents: list[Document]) -> None:
    """KServe deletes Deployments and Services that carry its labels and are not planned by it."""
    for labels in every_label_map(documents):
        assert "serving.kserve.io/inferenceservice" not in labels
        assert "component" not in labels


def every_label_map(node: object) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in {"labels", "matchLabels"}:
                yield value
            else:
                yield from every_label_map(value)
    elif isinstance(node, list):
        for value in node:
            yield from every_label_map(value)


def test_serving_carries_no_address_of_mlflow_and_no_other_keys(chart: Chart) -> None:
    for pod, container in containers(chart.render()):
        # What waits for the model has the keys that KServe's storage initializer gets; the server has none.
        if pod.component in {"gateway", "primary", "fallback"} and container["name"] != "model-wait":
            text = yaml.safe_dump(container)
            assert "mlflow:5000" not in text, pod.owner
            assert "AWS_" not in text, pod.owner


def test_each_consumer_of_object_storage_has_keys_of_its_own(chart: Chart) -> None:
    used: dict[str, set[str]] = {}
    for pod, container in containers(chart.render()):
        for variable in container["env"]:
            if variable["name"] == "AWS_SECRET_ACCESS_KEY":
                used.setdefault(pod.component, set()).add(variable["valueFrom"]["secretKeyRef"]["name"])
    assert used == {
        "primary": {"churn-s3-serving"},
        "mlflow": {"churn-s3-mlflow"},
        "training": {"churn-s3-training"},
        "scoring": {"churn-s3-training"},
        "storage-setup": {"churn-object-storage-root"},
    }


def test_what_takes_the_prediction_log_away_has_keys_of_its_own_and_the_gateway_has_none(chart: Chart) -> None:
    documents = chart.render(nested(gateway__predictionLog__enabled=True))
    (gateway,) = (pod for pod in pods(documents) if pod.component == "gateway")
    texts = {one["name"]: yaml.safe_dump(one) for one in gateway.containers}
    assert texts.keys() == {"gateway", "prediction-log"}
    assert "AWS_" not in texts["gateway"]
    assert "churn-s3-prediction-log" in texts["prediction-log"]
    assert "prediction-log-keys" not in texts["prediction-log"]  # it sees hashes alone
    others = [pod.spec for pod in pods(documents) if pod.component not in {"gateway", "storage-setup"}]
    assert not {"churn-s3-prediction-log", "churn-prediction-log-keys"} & set(secret_names(others))


def test_the_drift_watch_may_read_and_change_the_one_object_that_its_condition_lies_in(chart: Chart) -> None:
    documents = chart.render(LOOKING_BACK)
    assert only(documents, "Role", "churn-drift")["rules"] == [
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "patch"], "resourceNames": ["churn-drift"]}
    ]
    assert "data" not in only(documents, "ConfigMap", "churn-drift")
    binding = only(documents, "RoleBinding", "churn-drift")
    assert binding["roleRef"]["name"] == "churn-drift"
    assert [each["name"] for each in binding["subjects"]] == ["churn-drift"]


def test_who_looks_back_has_keys_of_its_own_and_only_who_loads_outcomes_can_hash_customers(chart: Chart) -> None:
    documents = chart.render(LOOKING_BACK)
    used = {
        pod.component: set(secret_names(pod.spec))
        for pod in pods(documents)
        if pod.component in {"drift", "outcomes", "outcomes-report"}
    }
    keys = "churn-s3-monitoring"
    assert used == {
        "drift": {keys}, "outcomes": {keys}, "outcomes-report": {keys, "churn-prediction-log-keys"},
    }  # fmt: skip
    others = [pod.spec for pod in pods(documents) if pod.component not in used.keys() | {"storage-setup"}]
    assert keys not in secret_names(others)


@pytest.mark.parametrize(
    "values",
    [{}, nested(gateway__predictionLog__enabled=True), LOOKING_BACK, SHOWN],
    ids=["without-log", "with-log", "looking-back", "shown"],
)
def test_every_secret_that_is_used_is_one_that_the_hook_may_make(chart: Chart, values: dict[str, Any]) -> None:
    documents = chart.render({**nested(training__runOnInstall=True), **values})
    role = only(documents, "Role", "churn-bootstrap")
    readable = {name for rule in role["rules"] for name in rule.get("resourceNames", [])}
    assert (set(secret_names(documents)) - {"people"}) | {"churn-verify-key"} <= readable


def secret_names(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if "secretName" in node:
            yield node["secretName"]
        if isinstance(node.get("secretKeyRef"), dict):
            yield node["secretKeyRef"]["name"]
        if node.get("kind") == "ServiceAccount":
            yield from (one["name"] for one in node.get("secrets", []))
        for value in node.values():
            yield from secret_names(value)
    elif isinstance(node, list):
        for value in node:
            yield from secret_names(value)
