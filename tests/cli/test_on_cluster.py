"""`churn train --on-cluster`: the Job that is made of the chart's template, and following it to its end.

The cluster is a small API server that plays what a real one would do; the real one is the business of `make e2e`.
"""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from churn_cli.main import build_parser, main
from churn_data.errors import Failure
from churn_training.cluster.job_template import arguments, chosen, job_from
from ports import free_port
from small_api_server import ApiServer, running
from tests.cli.played_jobs import BATCH, PODS, condition, ended, listed, log, play

Object = dict[str, Any]

NAME = "churn-training-x7k2p"
JOB = f"{BATCH}/jobs/{NAME}"
CRONJOB: Object = {
    "metadata": {"name": "churn-training", "uid": "u-1"},
    "spec": {
        "schedule": "0 3 * * 0",
        "jobTemplate": {
            "metadata": {"labels": {"app": "churn"}},
            "spec": {
                "backoffLimit": 2,
                "unheardOf": {"kept": True},
                "template": {
                    "spec": {
                        "containers": [
                            {"name": "sidecar"},
                            {"name": "training", "args": ["train", "--usecase", "telecom", "--seed=7", "--json"]},
                        ]
                    }
                },
            },
        },
    },
}
RESULT = {"name": "churn-telecom", "version": "3", "digest": "sha256:d", "uri": "s3://m/1/models/m-1/artifacts"}


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    monkeypatch.setattr("churn_training.cluster.following.PAUSE_SECONDS", 0.02)
    with running() as started:
        monkeypatch.setenv("KUBECONFIG", str(started.kubeconfig(tmp_path)))
        started.objects[f"{BATCH}/cronjobs/churn-training"] = CRONJOB
        listed(started)
        yield started


def pod(name: str, state: Object, created: str = "2026-01-01T00:00:00Z", **status: Any) -> Object:
    return {
        "metadata": {"name": name, "creationTimestamp": created},
        "status": {"containerStatuses": [{"name": "training", "state": state}], **status},
    }


def test_the_job_is_the_template_with_other_arguments() -> None:
    job = job_from(CRONJOB, {"--data": "s3://churn-data/c.csv", "--seed": "3", "--no-promote": True})
    assert job["metadata"]["generateName"] == "churn-training-"
    assert job["metadata"]["labels"] == {"app": "churn"}
    assert job["metadata"]["annotations"] == {"cronjob.kubernetes.io/instantiate": "manual"}
    assert job["metadata"]["ownerReferences"] == [
        {"apiVersion": "batch/v1", "kind": "CronJob", "name": "churn-training", "uid": "u-1"}
    ]
    assert job["spec"]["unheardOf"] == {"kept": True}
    assert job["spec"]["template"]["spec"]["containers"][1]["args"] == [
        "train", "--usecase", "telecom", "--data", "s3://churn-data/c.csv", "--seed", "3", "--no-promote", "--json"
    ]  # fmt: skip
    assert CRONJOB["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][1]["args"][3] == "--seed=7"


def test_a_release_that_asks_first_trains_now_where_somebody_says_so() -> None:
    asking = json.loads(json.dumps(CRONJOB))
    asked = [
        "retrain",
        "--usecase",
        "telecom",
        "--json",
        "--every",
        "30",
        "--labels=5",
        "--cool-down",
        "24h",
        "--reports",
        "s3://d/r/",
    ]
    (container,) = [each for each in asking["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
                    if each["name"] == "training"]  # fmt: skip
    container["args"] = [*asked, "--window", "6", "--memory", "2GB"]
    job = job_from(asking, {"--data": "s3://churn-data/c.csv"})
    assert job["spec"]["template"]["spec"]["containers"][1]["args"] == [
        "train", "--usecase", "telecom", "--data", "s3://churn-data/c.csv", "--json"
    ]  # fmt: skip
    with pytest.raises(Failure, match="windows of its prediction log: give --data") as refused:
        job_from(asking, {})
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    ("given", "replaced", "expected"),
    [
        (["train"], {}, ["train", "--json"]),
        (["train", "--data", "a", "--json"], {"--data": "b"}, ["train", "--data", "b", "--json"]),
        (["train", "--data=a", "--rows", "9"], {"--data": "b"}, ["train", "--rows", "9", "--data", "b", "--json"]),
        (
            ["train", "--no-promote", "--seed", "1"],
            {"--no-promote": True},
            ["train", "--seed", "1", "--no-promote", "--json"],
        ),
        (["train", "--fresh"], {}, ["train", "--fresh", "--json"]),
    ],
)
def test_only_what_is_given_is_replaced(given: list[str], replaced: dict[str, str | bool], expected: list[str]) -> None:
    assert arguments(given, replaced) == expected


@pytest.mark.parametrize(
    ("template", "words", "expected"),
    [
        (["train", "--budget", "5m", "--json"], ["--budget", "90s"], ["train", "--budget", "90s", "--json"]),
        (["train", "--budget", "5m", "--json"], ["--budget", "0"], ["train", "--budget", "0s", "--json"]),
        (["train", "--json", "--no-promote"], ["--force-promote"], ["train", "--force-promote", "--json"]),
        (["train", "--force-promote"], ["--no-promote"], ["train", "--no-promote", "--json"]),
        (["train", "--budget", "5m", "--no-promote"], [], ["train", "--budget", "5m", "--no-promote", "--json"]),
    ],
)
def test_time_and_promotion_are_the_charts_unless_given(
    template: list[str], words: list[str], expected: list[str]
) -> None:
    options = build_parser().parse_args(["train", "--on-cluster", *words])
    replaced = chosen(getattr(options, "given", set()), vars(options))
    assert arguments(template, replaced) == expected
    build_parser().parse_args(expected)


def test_a_template_without_the_container_is_refused() -> None:
    other = json.loads(json.dumps(CRONJOB))
    other["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"].pop()
    with pytest.raises(Failure, match="CronJob churn-training: its template has no container 'training'"):
        job_from(other, {})


def test_a_job_is_followed_over_a_retried_pod_to_its_result(
    server: ApiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = "2026-01-01T00:00:00Z", "2026-01-01T00:00:30Z"
    waiting = {"waiting": {"reason": "ContainerCreating"}}
    refused = [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/2 nodes"}]
    play(
        server,
        NAME,
        ({}, []),
        ({}, [pod("a", {}, first, conditions=refused)]),
        ({}, [pod("a", {"waiting": {"reason": "ErrImagePull", "message": "no such image"}}, first)]),
        ({}, [pod("a", {"running": {}}, first)]),
        ({}, [pod("a", ended(137), first)]),
        ({}, [pod("b", waiting, second), pod("a", ended(137), first)]),
        ({}, [pod("b", {"running": {}}, second), pod("a", ended(137), first)]),
        (condition("Complete"), [pod("b", ended(0, json.dumps(RESULT)), second), pod("a", ended(137), first)]),
        logs={"a": log("one", "two"), "b": log("three", json.dumps(RESULT | {"run_id": "r"}))},
    )
    assert main(["train", "--on-cluster", "--seed", "3", "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out) == RESULT | {"run_id": "r"}
    assert captured.err.splitlines() == [
        "Job churn-training-x7k2p in namespace churn",
        "pod a: Unschedulable: 0/2 nodes",
        "pod a: ErrImagePull: no such image",
        "pod a: started",
        "one",
        "two",
        "pod b: ContainerCreating",
        "pod b: started",
        "three",
    ]
    args = server.objects[JOB]["spec"]["template"]["spec"]["containers"][1]["args"]
    assert args == ["train", "--usecase", "telecom", "--seed", "3", "--json"]


def test_the_end_says_how_the_clusters_mlflow_is_reached_from_here(
    server: ApiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    page = "http://churn-mlflow:5000/#/experiments/1/runs/r"
    measured = {"roc_auc": 0.8, "brier": 0.1, "log_loss": 0.4, "empc": 2.0}
    whole = RESULT | {
        "champion": True,
        "winner": "linear",
        "gate": {"reason": "there was no champion"},
        "data": {"simulated": False, "rows": 9, "source": "a.csv"},
        "metrics": measured,
        "report": f"{page}/artifacts/comparison/report.html",
        "mlflow": {"command": "", "address": page},
    }
    done = (condition("Complete"), [pod("a", ended(0, json.dumps(RESULT)))])
    play(server, NAME, done, logs={"a": log(json.dumps(whole))})
    assert main(["train", "--on-cluster"]) == 0
    forward = "kubectl --namespace churn port-forward service/churn-mlflow 8086:5000"
    page_here = "http://127.0.0.1:8086/#/experiments/1/runs/r"
    assert capsys.readouterr().out.splitlines()[-4:] == [
        f"report: {page}/artifacts/comparison/report.html",
        f"run:    {page}",
        "sha256:d",
        f"those addresses are the cluster's own; from here: {forward}, then {page_here}",
    ]


def test_a_log_that_breaks_off_is_taken_up_where_it_broke(
    server: ApiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    # Each look reads from the beginning; the first ends in the middle of a line.
    logs = [log("one", "two") + b"thr", log("one", "two", "three"), log("one", "two", "three", json.dumps(RESULT))]

    def broken(query: dict[str, list[str]]) -> bytes:
        assert query["follow"] == ["true"]
        return logs.pop(0) if len(logs) > 1 else logs[0]

    scenes: list[tuple[Object, list[Object]]] = [({}, [pod("a", {"running": {}})])] * 2
    play(server, NAME, *scenes, (condition("Complete"), [pod("a", ended(0, json.dumps(RESULT)))]))
    server.answers[f"{PODS}/a/log"] = broken
    assert main(["train", "--on-cluster"]) == 0
    captured = capsys.readouterr()
    assert captured.err.splitlines()[2:] == ["one", "two", "thr", "three"]
    assert captured.out == "churn-telecom version 3\n"


@pytest.mark.parametrize(
    ("job", "pods", "code", "line"),
    [
        (
            condition("Failed", "PodFailurePolicy", "exit code 2 matches"),
            [pod("a", ended(2, "churn: c.csv: no such file"))],
            2,
            "c.csv: no such file (PodFailurePolicy: exit code 2 matches)",
        ),
        (condition("Failed", "DeadlineExceeded", "too long"), [], 1, "DeadlineExceeded: too long"),
        (
            condition("Failed", "DeadlineExceeded", "too long"),
            [pod("a", {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}})],
            1,
            "DeadlineExceeded: too long; pod a: ImagePullBackOff: no such image",
        ),
        (
            condition("Failed", "BackoffLimitExceeded", "tried 3 times"),
            [pod("a", ended(137)), pod("b", ended(1, "churn: boom"), "2026-01-01T00:01:00Z")],
            1,
            "boom (BackoffLimitExceeded: tried 3 times)",
        ),
        (
            condition("Failed", "DeadlineExceeded", "too long"),
            [pod("a", ended(0))],
            1,
            "DeadlineExceeded: too long",
        ),
    ],
)
def test_a_failed_job_ends_with_its_code_and_one_line(
    job: Object, pods: list[Object], code: int, line: str, server: ApiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    play(server, NAME, (job, pods), logs={"a": b"", "b": b""})
    assert main(["train", "--on-cluster"]) == code
    assert capsys.readouterr().err.splitlines()[-1] == f"churn: Job churn-training-x7k2p: {line}"


def test_a_deleted_job_is_said(server: ApiServer, capsys: pytest.CaptureFixture[str]) -> None:
    server.refusals["GET", JOB] = 404
    assert main(["train", "--on-cluster"]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "churn: Job churn-training-x7k2p: somebody deleted it"


def test_the_time_to_follow_may_be_bounded(server: ApiServer, capsys: pytest.CaptureFixture[str]) -> None:
    play(server, NAME, ({}, []))
    assert main(["train", "--on-cluster", "--timeout", "0.1"]) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert "kubectl logs --follow job/churn-training-x7k2p --namespace churn" in line
    assert "kubectl delete job/churn-training-x7k2p --namespace churn" in line
    assert ("DELETE", JOB) not in server.seen


def test_ctrl_c_leaves_the_job(server: ApiServer, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(_: object) -> Object:
        os.kill(os.getpid(), signal.SIGINT)
        return {}

    server.answers[JOB] = interrupt
    server.answers[PODS] = lambda _: {"items": []}
    assert main(["train", "--on-cluster"]) == 130
    lines = capsys.readouterr().err.splitlines()
    assert "Job churn-training-x7k2p goes on: kubectl logs --follow" in lines[-2]
    assert lines[-1] == "churn: stopped"


def test_an_api_server_that_is_away_for_a_while_is_waited_for(
    server: ApiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    looks = 0

    def job(_: object) -> Object:
        nonlocal looks
        looks += 1
        server.refusals.pop(("GET", PODS), None)
        return condition("Complete") if looks > 1 else {}

    play(server, NAME, ({}, []))
    server.answers[JOB] = job
    server.answers[PODS] = lambda _: {"items": [pod("a", ended(0, json.dumps(RESULT)))]}
    server.answers[f"{PODS}/a/log"] = lambda _: b""
    server.refusals["GET", f"{PODS}/a/log"] = 503
    assert main(["train", "--on-cluster", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == RESULT


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["--release", "shop"],
            "CronJob shop-churn-training in namespace churn: not there; install the chart with training.enabled=true",
        ),
        (
            ["--data", "customers.csv"],
            "customers.csv: the cluster does not see the files of this machine; upload it to s3://bucket/key or mount",
        ),
        (
            ["--usecase", "my.yaml"],
            "my.yaml: the cluster does not see the files of this machine; put it into the value training.usecaseFile",
        ),
        (["--context", "none"], "kubeconfig: Invalid kube-config file. Expected object with name none in "),
    ],
)
@pytest.mark.usefixtures("server")
def test_bad_input_is_one_line(arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--on-cluster", *arguments]) == 2
    assert capsys.readouterr().err.startswith(f"churn: {line}")


@pytest.mark.usefixtures("server")
def test_a_file_of_this_machine_is_refused_by_its_whole_path_too(telco_path: Path) -> None:
    assert main(["train", "--on-cluster", "--data", str(telco_path)]) == 2


@pytest.mark.parametrize("content", ["{{{", "a: 1\n---\nb: 2\n", "[]", "clusters: 3"])
def test_a_broken_kubeconfig_is_one_line(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken").write_text(content)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "broken"))
    assert main(["train", "--on-cluster"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("churn: kubeconfig: ")
    assert len(said.splitlines()) == 1


def test_no_kubeconfig_says_where_it_was_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    assert main(["train", "--on-cluster"]) == 2
    expected = f"churn: kubeconfig: there is none at {tmp_path / 'none'}; KUBECONFIG says where it is\n"
    assert capsys.readouterr().err == expected


def test_a_cluster_that_does_not_answer_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    away = ApiServer()
    away.url = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("KUBECONFIG", str(away.kubeconfig(tmp_path)))
    assert main(["train", "--on-cluster"]) == 1
    expected = f"churn: the Kubernetes API at {away.url} does not answer (NewConnectionError)\n"
    assert capsys.readouterr().err == expected


def test_the_clusters_own_reason_is_passed_on(server: ApiServer, capsys: pytest.CaptureFixture[str]) -> None:
    server.refusals["POST", f"{BATCH}/jobs"] = 403
    assert main(["train", "--on-cluster"]) == 1
    assert capsys.readouterr().err == f"churn: the Kubernetes API at {server.url} refused: no POST of this (403)\n"
