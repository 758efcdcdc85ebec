"""The DAG as Airflow reads it: its tasks, in which order and how often, and the pods that they ask for."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.airflow.conftest import DELIVERY, FOLDER

Dags = dict[str, dict[str, Any]]
JOB = "airflow-0123456789abcdef"
STEPS = ("ingest", "validate", "train", "compare", "gate", "promote")


def pods(dag: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: task["pod"] for name, task in dag["tasks"].items() if "pod" in task}


def words(dag: dict[str, Any], name: str) -> list[str]:
    found: list[str] = dag["tasks"][name]["pod"]["spec"]["containers"][0]["args"]
    return found


def test_steps_follow_each_other(dags: Dags) -> None:
    tasks = dags["usual"]["tasks"]
    assert {name: task["after"] for name, task in tasks.items()} == {
        "asked": [], "due": ["asked"], "ordered": ["asked"], "ingest": ["due", "ordered"], "validate": ["ingest"],
        "train": ["validate"], "compare": ["train"], "gate": ["compare"], "promote": ["gate"],
    }  # fmt: skip
    # What is not due, or what the gate is against, skips all that follows: only ingest may follow one of two.
    assert {name: task["rule"] for name, task in tasks.items()} == {
        **dict.fromkeys(tasks, "all_success"), "ingest": "none_failed_min_one_success",
    }  # fmt: skip
    assert {name: task["skip"] for name, task in tasks.items() if task.get("skip")} == {"due": [4], "gate": [4]}
    assert all(task["deferrable"] for task in tasks.values() if "pod" in task)
    assert {task["retries"] for task in tasks.values()} == {3}
    assert (dags["usual"]["catchup"], dags["usual"]["runs"], dags["usual"]["start"][:10]) == (False, 1, "2026-01-01")


def test_a_version_that_passed_goes_on_trial_where_environments_are_named(dags: Dags) -> None:
    tasks = dags["delivering"]["tasks"]
    after = {name: task["after"] for name, task in tasks.items()}
    assert (after["deliver"], after["watch"], after["kept"]) == (["promote"], ["deliver"], ["watch"])
    assert (tasks["watch"]["retries"], tasks["watch"]["delay"], tasks["kept"]["retries"]) == (288, 300.0, 0)
    place = ["--environment", "staging", "--repository", "/tmp/checkout", "--environments", "manifests/envs", "--json"]
    assert words(dags["delivering"], "deliver") == ["rollout", "start", f"job:{JOB}", "--usecase", "telecom", *place]
    assert words(dags["delivering"], "watch")[:4] == ["rollout", "status", f"job:{JOB}", "--over"]
    assert words(dags["delivering"], "kept")[:3] == ["rollout", "status", f"job:{JOB}"]


def test_all_tasks_of_a_run_read_what_it_has_kept_and_go_by_its_name(dags: Dags) -> None:
    dag = dags["usual"]
    snapshot = f"s3://churn-data/snapshots/{JOB}"
    kept = ["--data", f"{snapshot}/customers.csv"]
    usecase = ["--usecase", "telecom"]
    signs = ["--every", "30", "--labels", "1000", "--cool-down", "24h", "--data", "s3://churn-data/customers.csv"]
    assert words(dag, "due") == ["retrain", "--require", *signs, "--usecase=telecom", "--budget", "5m"]
    assert words(dag, "ingest") == ["ingest", "--data", "s3://churn-data/customers.csv", "--into", snapshot]
    assert words(dag, "validate") == ["validate", *usecase, *kept, "--json"]
    assert words(dag, "train") == ["train", "--usecase=telecom", "--budget", "5m", *kept, "--no-promote", "--json"]
    assert words(dag, "compare") == ["compare", f"job:{JOB}", *usecase, "--json"]
    assert words(dag, "gate") == ["compare", f"job:{JOB}", *usecase, "--require"]
    assert words(dag, "promote") == ["promote", f"job:{JOB}", *usecase, "--json"]
    # A backfill reads each day's customers.
    assert words(dags["delivering"], "ingest")[2] == "s3://churn-data/2026-03-01.csv"
    assert words(dags["delivering"], "validate")[3:] == [
        "--data", f"{snapshot}/2026-03-01.csv", "--accept", "MonthlyCharges", "--json",
    ]  # fmt: skip


def test_of_a_cronjob_that_trains_on_windows_a_run_makes_one(dags: Dags) -> None:
    dag, kept = dags["window"], f"s3://churn-data/snapshots/{JOB}/window.parquet"
    signs = ["--every", "30", "--labels", "1000", "--cool-down", "24h", "--window", "6"]
    assert words(dag, "due") == ["retrain", "--require", *signs, "--usecase=telecom", "--budget", "5m"]
    arms = [word for name in ("spring", "autumn") for word in ("--arms", f"s3://churn-data/labels/{name}.csv")]
    made = ["--months", "6", "--memory", "2GB", "--usecase", "telecom", "--horizon", "3 months", *arms, "--into", kept]
    assert words(dag, "ingest") == ["window", *made]
    assert words(dag, "validate") == ["validate", "--usecase", "telecom", "--data", kept, "--json"]
    assert words(dag, "train") == [
        "train", "--usecase=telecom", "--budget", "5m", "--data", kept, "--no-promote", "--json",
    ]  # fmt: skip


@pytest.mark.parametrize("which", ["usual", "delivering", "window"])
def test_pods_may_no_more_than_the_chart_lets_training(dags: Dags, which: str) -> None:
    found = pods(dags[which])
    assert {*STEPS, "due"} <= {*found}
    for pod in found.values():
        spec = pod["spec"]
        assert pod["metadata"]["namespace"] == "churn"
        assert (spec["serviceAccountName"], spec["automountServiceAccountToken"]) == ("churn-training", False)
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not spec.get("hostNetwork")
        labels = pod["metadata"]["labels"]
        assert labels["app.kubernetes.io/component"] == "training"  # by which network policies know it
        assert labels["batch.kubernetes.io/job-name"] == JOB
        for container in [*spec["containers"], *spec["initContainers"]]:
            assert container["image"] == "docker.io/churn-serving/training:0.1.0"
            assert container["resources"]["limits"]["memory"] == "4Gi"
            security = container["securityContext"]
            assert (security["readOnlyRootFilesystem"], security["allowPrivilegeEscalation"]) == (True, False)
            assert security["capabilities"] == {"drop": ["ALL"]}
            plain = {each["name"]: each["value"] for each in container["env"] if "value" in each}
            assert not [name for name in plain if re.search("SECRET|TOKEN|PASSWORD$", name)]
            by_reference = {each["name"] for each in container["env"] if "secretKeyRef" in each.get("valueFrom", {})}
            assert by_reference == {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
            mounts = {each["mountPath"]: each.get("readOnly", False) for each in container["volumeMounts"]}
            assert [path for path, read_only in mounts.items() if not read_only] == ["/tmp"]


def test_what_commits_has_a_checkout_and_its_credentials_by_reference(dags: Dags) -> None:
    found = pods(dags["delivering"])
    assert [name for name, pod in found.items() if pod["spec"]["initContainers"]] == ["deliver", "watch", "kept"]
    spec = found["deliver"]["spec"]
    (first,) = spec["initContainers"]
    told = {each["name"]: each.get("value") for each in first["env"]}
    assert first["command"] == ["python", "-m", "churn_cli.programs.checkout"]
    assert not first.get("args")
    names = ("CHURN_GIT_URL", "CHURN_GIT_BRANCH", "CHURN_GIT_FOLDER", "CHURN_GIT_USERNAME", "CHURN_GIT_PASSWORD_FILE")
    assert [told[name] for name in names] == [
        DELIVERY["url"], "main", "/tmp/checkout", "churn", "/etc/churn/git/password",
    ]  # fmt: skip
    (volume,) = [each for each in spec["volumes"] if each["name"] == "git"]
    assert volume["secret"] == {
        "secretName": "churn-git", "defaultMode": 0o440, "items": [{"key": "token", "path": "password"}],
    }  # fmt: skip
    assert "git" in {each["name"] for each in spec["containers"][0]["volumeMounts"]}


@pytest.mark.parametrize(
    ("which", "problem"),
    [
        ("typo", "typo.yaml: shedule: is not known; there are namespace, cronjob, schedule, "),
        ("type", "type.yaml: retries: int was expected"),
        ("missing", "missing.yaml: retries: int was expected"),
        ("delivery typo", "delivery-typo.yaml: delivery: brnach: is not known; there are environment, url, branch, "),
        ("no data", "no-data.yaml: data: the CronJob names no --data and no --window, so an address was expected"),
        ("another command", "cronjob-scoring.yaml: the words of container 'training' begin neither with train nor"),
        ("no cronjob", "cronjob-none.yaml: is no CronJob with a container 'training' and its args"),
    ],
)
def test_wrong_parameters_break_the_import_by_name(dags: Dags, which: str, problem: str) -> None:
    assert problem in dags[which]["error"]


def test_it_imports_airflow_and_nothing_of_ours() -> None:
    (path,) = (FOLDER / "dags").glob("*.py")
    tree = ast.parse(path.read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} == {
        "airflow", "copy", "datetime", "hashlib", "os", "pathlib", "posixpath", "typing", "yaml",
    }  # fmt: skip


def test_airflow_may_start_and_follow_pods_in_one_namespace_and_nothing_else() -> None:
    role, binding = yaml.safe_load_all((FOLDER / "role.yaml").read_text())
    assert (role["kind"], binding["kind"], binding["roleRef"]["kind"]) == ("Role", "RoleBinding", "Role")
    allowed = {(resource, verb) for rule in role["rules"] for resource in rule["resources"] for verb in rule["verbs"]}
    assert allowed == {
        *(("pods", verb) for verb in ("create", "get", "list", "watch", "patch", "delete")),
        ("pods/log", "get"), ("events", "list"), ("events", "watch"),
    }  # fmt: skip
    assert {group for rule in role["rules"] for group in rule["apiGroups"]} == {""}
    assert Path(FOLDER / "requirements.lock").read_text().count("--hash=sha256:") > 100
