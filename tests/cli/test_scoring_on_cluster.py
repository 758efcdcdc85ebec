"""`churn score --on-cluster`: the indexed Job that is made of the chart's template, and following its shards.

The cluster is a small API server that plays what a real one would do; the real one is the business of `make e2e`.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from churn_cli.main import build_parser, main
from small_api_server import ApiServer, running
from tests.cli.played_jobs import BATCH, condition, ended, listed, log, play

Object = dict[str, Any]

NAME = "churn-scoring-x7k2p"
JOB = f"{BATCH}/jobs/{NAME}"
INDEX = "batch.kubernetes.io/job-completion-index"
TEMPLATE = ["score", "--model", "s3://m/1/", "--shard", "4", "--format", "csv", "--json"]
WORDS = ["score", "s3://d/in/", "s3://d/scores/may/", "--on-cluster"]
MODEL = {"name": "churn-telecom", "version": "3", "digest": "sha256:d"}


def cronjob(args: list[str]) -> Object:
    container = {"name": "scoring", "args": args}
    spec = {"completionMode": "Indexed", "completions": 4, "parallelism": 2, "backoffLimitPerIndex": 3}
    template = {"spec": {**spec, "template": {"spec": {"containers": [container]}}}}
    return {"metadata": {"name": "churn-scoring", "uid": "u-1"}, "spec": {"jobTemplate": template}}


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    monkeypatch.setattr("churn_training.cluster.following.PAUSE_SECONDS", 0.02)
    with running() as started:
        monkeypatch.setenv("KUBECONFIG", str(started.kubeconfig(tmp_path)))
        started.objects[f"{BATCH}/cronjobs/churn-scoring"] = cronjob(TEMPLATE)
        listed(started)
        yield started


def pod(name: str, shard: int, state: Object, created: int = 0, **status: Any) -> Object:
    metadata = {
        "name": name,
        "creationTimestamp": f"2026-01-01T00:00:{created:02d}Z",
        "annotations": {INDEX: str(shard)},
    }
    return {"metadata": metadata, "status": {"containerStatuses": [{"name": "scoring", "state": state}], **status}}


def shard_result(index: int, rows: int, reused: int = 0, **unseen: int) -> str:
    shard = {"index": index, "count": 2}
    found = {"folder": "s3://d/scores/may/", "shard": shard, "written": 1, "reused": reused, "rows": rows}
    return json.dumps({**found, "unseen": unseen, "missing": {}, "model": MODEL})


def test_a_killed_shard_is_followed_to_what_all_came_to(server: ApiServer, capsys: pytest.CaptureFixture[str]) -> None:
    refused = [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/2 nodes"}]
    killed, whole = pod("a", 0, ended(137)), pod("b", 1, ended(0), 1)
    play(
        server,
        NAME,
        ({}, []),
        ({}, [pod("a", 0, {"running": {}}), pod("b", 1, {}, 1, conditions=refused)]),
        ({}, [killed, pod("b", 1, {"running": {}}, 1)]),
        ({}, [killed, whole, pod("c", 0, {"running": {}}, 2)]),
        (condition("Complete"), [killed, whole, pod("c", 0, ended(0), 2)]),
        logs={
            "b": log("scoring", shard_result(1, 30, tenure=2)),
            "c": log(shard_result(0, 40, 3, tenure=1, Contract=5)),
        },
    )
    assert main([*WORDS, "--shards", "2", "--json"]) == 0
    captured = capsys.readouterr()
    result = json.loads(captured.out)
    assert result.pop("seconds") > 0
    assert result == {
        "folder": "s3://d/scores/may/",
        "job": "churn-scoring-x7k2p",
        "shards": 2,
        "unheard": 0,
        "rows": 70,
        "written": 2,
        "reused": 3,
        "unseen": {"tenure": 3, "Contract": 5},
        "missing": {},
        "model": MODEL,
    }
    assert captured.err.splitlines()[:-1] == [
        "Job churn-scoring-x7k2p in namespace churn, 2 shards",
        "shard 0: pod a started",
        "shard 1: pod b: Unschedulable: 0/2 nodes",
        "shard 0: pod a failed: exit code 137",
        "shard 1: pod b started",
        "shard 1: 30 rows, 1 files written, 0 were there",
        "shard 0: pod c started",
        "shard 0: 40 rows, 1 files written, 3 were there",
    ]


@pytest.mark.parametrize(
    ("template", "words", "expected"),
    [
        (TEMPLATE, [], (4, 2, ["--model", "s3://m/1/", "--format", "csv", "--shard", "4", "--json"])),
        (
            [*TEMPLATE[:1], "s3://other/in/", "s3://other/out/", *TEMPLATE[1:]],
            ["--shards", "9", "--parallelism", "3"],
            (9, 3, ["--model", "s3://m/1/", "--format", "csv", "--shard", "9", "--json"]),
        ),
        (
            TEMPLATE,
            ["--shards", "1", "--model", "s3://m/2", "--format", "parquet", "--delimiter", ";"],
            (
                1,
                1,
                ["--model", "s3://m/2", "--format", "parquet", "--delimiter", ";", "--shard", "1", "--json"],
            ),
        ),
    ],
    ids=["the-charts", "numbers", "options"],
)
def test_only_what_is_given_is_replaced(
    template: list[str], words: list[str], expected: tuple[int, int, list[str]], server: ApiServer
) -> None:
    server.objects[f"{BATCH}/cronjobs/churn-scoring"] = cronjob(template)
    play(server, NAME, (condition("Complete"), []))
    assert main([*WORDS, *words]) == 0
    spec = server.objects[JOB]["spec"]
    args = spec["template"]["spec"]["containers"][0]["args"]
    assert (spec["completions"], spec["parallelism"], args) == (
        *expected[:2],
        ["score", "s3://d/in/", "s3://d/scores/may/", *expected[2]],
    )
    assert spec["backoffLimitPerIndex"] == 3
    build_parser().parse_args(args)


def test_shards_whose_pods_are_gone_are_counted_as_such(server: ApiServer, capsys: pytest.CaptureFixture[str]) -> None:
    done = (condition("Complete"), [pod("b", 1, ended(0))])
    play(server, NAME, done, logs={"b": log(shard_result(1, 30))})
    assert main([*WORDS, "--shards", "2"]) == 0
    out = capsys.readouterr().out
    assert "30 rows in 2 shards, 1 files written, 0 were there, beside 1 shards whose pods are gone" in out


@pytest.mark.parametrize(
    ("job", "pods", "code", "line"),
    [
        (
            condition("Failed", "FailedIndexes", "Job has failed indexes"),
            [pod("a", 0, ended(0)), pod("b", 1, ended(2, "churn: s3://d/in/b.csv, row 7: no number"), 1)],
            2,
            "shard 1: s3://d/in/b.csv, row 7: no number (FailedIndexes: Job has failed indexes)",
        ),
        (condition("Failed", "DeadlineExceeded", "too long"), [], 1, "DeadlineExceeded: too long"),
        (
            condition("Failed", "DeadlineExceeded", "too long"),
            [pod("a", 0, {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}})],
            1,
            "DeadlineExceeded: too long; shard 0: pod a: ImagePullBackOff: no such image",
        ),
    ],
    ids=["bad-input", "late", "stuck"],
)
def test_a_failed_job_ends_with_its_code_and_one_line(
    job: Object, pods: list[Object], code: int, line: str, server: ApiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    play(server, NAME, (job, pods), logs={"a": log(shard_result(0, 9))})
    assert main(WORDS) == code
    assert capsys.readouterr().err.splitlines()[-1] == f"churn: Job churn-scoring-x7k2p: {line}"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ["score", "customers", "s3://d/o/", "--on-cluster"],
            "customers: the cluster does not see the files of this machine; s3://bucket/folder/ was expected",
        ),
        ([*WORDS, "--model", "mine"], "mine: the cluster does not see the models of this machine; s3://"),
        ([*WORDS, "--usecase", "banking"], "--usecase: the cluster scores by a model in object storage; --model s3://"),
        ([*WORDS, "--shard", "0/2"], "--shard: is what each pod is told; --shards N was expected"),
        ([*WORDS, "--shards", "0"], "--shards: is 0, at least 1 was expected"),
        ([*WORDS, "--parallelism", "-1"], "--parallelism: is -1, at least 1 was expected"),
        (
            [*WORDS, "--release", "shop"],
            "CronJob shop-churn-scoring in namespace churn: not there; install the chart with scoring.enabled=true",
        ),
        (
            ["score", "a.csv", "b.csv", "--shards", "2"],
            "--shards: is for --on-cluster; here --shard I/N scores a share",
        ),
        (["score", "s3://d/in/", "s3://d/in/answers/", "--on-cluster"], "s3://d/in/answers/: lies in s3://d/in/"),
    ],
    ids=["file", "model", "usecase", "shard", "no-shards", "no-pods", "release", "here", "inside"],
)
def test_bad_input_is_one_line_and_makes_no_job(
    words: list[str], line: str, server: ApiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"churn: {line}")
    assert len(said.splitlines()) == 1
    assert not [path for method, path in server.seen if method == "POST"]
