"""`churn score --shard` between folders of object storage: divided by files and row groups, resumed after a kill."""

import io
import itertools
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas
import pytest

from churn_training.cluster.names import SERVING, TRAINING
from sample_package import Keys, sample_rows, sample_schema
from tests.storage.machines import ROOT, STARTER, Storage, process, surroundings

ROWS = 40
FOLDER, DATA = "in/folder", "churn-data"


@pytest.fixture(scope="module")
def everybody() -> pandas.DataFrame:
    frame = pandas.DataFrame(sample_rows(4 * ROWS, 3), columns=sample_schema().names)
    frame.insert(0, "customer", [f"c{number:03d}" for number in range(len(frame))])
    return frame


@pytest.fixture(scope="module")
def folder(ready: Storage, everybody: pandas.DataFrame) -> str:
    """A CSV object, one in a folder of its own, a Parquet object of four row groups, and what is none of the folder."""
    rest = io.BytesIO()
    everybody[2 * ROWS :].to_parquet(rest, index=False, row_group_size=ROWS // 2)
    first, second = (everybody[part : part + ROWS].to_csv(index=False).encode() for part in (0, ROWS))
    objects = {"a.csv": first, "may/a.csv": second, "rest.parquet": rest.getvalue(), "_SUCCESS": b"", ".a.csv": b"x"}
    for name, body in objects.items():
        put(ready, f"{FOLDER}/{name}", body)
    put(ready, f"{FOLDER}-of-others/b.csv", b"no customers")
    return f"s3://{DATA}/{FOLDER}"


@pytest.fixture
def command(ready: Storage, keys: Keys, tmp_path: Path) -> "Scoring":
    return Scoring(ready, {"CHURN_HOME": str(tmp_path / "home"), "CHURN_VERIFY_KEY": str(keys.verify_path)})


class Scoring:
    """`churn score` with the model in object storage and the keys that training has there."""

    def __init__(self, storage: Storage, variables: dict[str, str]) -> None:
        self.variables = storage.environment(TRAINING) | variables

    def words(self, source: str, target: str, *more: str) -> list[str]:
        return ["score", source, target, "--model", STARTER, "--json", *more]

    def run(self, source: str, target: str, *more: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return process("churn_cli", *self.words(source, target, *more), **{**self.variables, **changes})

    def result(self, *words: str, **changes: str) -> dict[str, Any]:
        done = self.run(*words, **changes)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found


def put(storage: Storage, key: str, body: bytes) -> None:
    storage.client(ROOT).put_object(Bucket=DATA, Key=key, Body=body)


def names(storage: Storage, prefix: str) -> list[str]:
    """Of the objects below the prefix, without it."""
    found = storage.client(ROOT).list_objects_v2(Bucket=DATA, Prefix=f"{prefix}/").get("Contents", [])
    return [each["Key"].removeprefix(f"{prefix}/") for each in found]


def objects(storage: Storage, prefix: str) -> dict[str, bytes]:
    """By name below the prefix."""
    client = storage.client(ROOT)
    return {
        name: client.get_object(Bucket=DATA, Key=f"{prefix}/{name}")["Body"].read() for name in names(storage, prefix)
    }


def answers(stored: dict[str, bytes]) -> pandas.DataFrame:
    frames = [pandas.read_csv(io.BytesIO(body)) for name, body in sorted(stored.items()) if name.endswith(".csv")]
    return pandas.concat(frames, ignore_index=True).set_index("id").sort_index()


def test_shards_answer_together_every_customer_once(
    command: Scoring, ready: Storage, folder: str, everybody: pandas.DataFrame, tmp_path: Path
) -> None:
    out = f"s3://{DATA}/scores/two"
    first = command.result(f"{folder}/", f"{out}/", "--shard", "0/2")
    # An indexed Job says which one a pod is; with and without a slash a folder is the same one.
    second = command.result(folder, out, "--shard", "2", JOB_COMPLETION_INDEX="1")
    assert (first["written"], second["written"], second["reused"]) == (3, 3, 0)
    assert second["shard"] == {"index": 1, "count": 2}
    assert first["rows"] + second["rows"] == 4 * ROWS
    stored = objects(ready, "scores/two")
    parts = {"a.csv.csv", "may/a.csv.csv", *(f"rest.parquet.{group:05d}.csv" for group in range(4))}
    assert stored.keys() == parts | {f"{part}.done" for part in parts}
    everybody.to_csv(tmp_path / "everybody.csv", index=False)
    command.result(str(tmp_path / "everybody.csv"), str(tmp_path / "whole.csv"))
    expected = pandas.read_csv(tmp_path / "whole.csv").set_index("id").sort_index()
    pandas.testing.assert_frame_equal(answers(stored), expected, check_exact=True)


def test_what_is_done_is_not_done_again_unless_the_object_changed(
    command: Scoring, ready: Storage, everybody: pandas.DataFrame
) -> None:
    put(ready, "in/again/a.csv", everybody[:ROWS].to_csv(index=False).encode())
    put(ready, "in/again/b.csv", everybody[ROWS : 2 * ROWS].to_csv(index=False).encode())
    words = (f"s3://{DATA}/in/again", f"s3://{DATA}/scores/again", "--shard", "0/1", "--format", "parquet")
    assert command.result(*words)["written"] == 2
    assert set(names(ready, "scores/again")) == {f"{name}.csv.parquet{end}" for name in "ab" for end in ("", ".done")}
    again = command.result(*words)
    assert (again["written"], again["reused"], again["rows"]) == (0, 2, 2 * ROWS)
    put(ready, "in/again/b.csv", everybody[ROWS : 2 * ROWS - 1].to_csv(index=False).encode())
    changed = command.result(*words)
    assert (changed["written"], changed["reused"], changed["rows"]) == (1, 1, 2 * ROWS - 1)


def test_a_killed_shard_leaves_nothing_half_written_and_goes_on(
    command: Scoring, ready: Storage, everybody: pandas.DataFrame
) -> None:
    body, count = everybody[:ROWS].to_csv(index=False).encode(), 24
    for number in range(count):
        put(ready, f"in/many/{number:02d}.csv", body)
    for answers_in in (f"scores/many-{number}" for number in itertools.count()):
        words = (f"s3://{DATA}/in/many", f"s3://{DATA}/{answers_in}", "--shard", "0/1")
        program = [sys.executable, "-m", "churn_cli", *command.words(*words)]
        running = subprocess.Popen(program, env=surroundings(command.variables), stderr=subprocess.DEVNULL)
        while not names(ready, answers_in) and running.poll() is None:
            time.sleep(0.01)
        running.send_signal(signal.SIGKILL)
        ended = running.wait()
        stored = objects(ready, answers_in)
        done = [name for name in stored if name.endswith(".done")]
        assert ended in (0, -signal.SIGKILL)
        if ended and len(done) < count:  # else it was quicker than who kills it
            break
    assert all(len(pandas.read_csv(io.BytesIO(stored[name]))) == ROWS for name in stored if name not in done)
    last = command.result(*words)
    assert (last["reused"], last["written"]) == (len(done), count - len(done))
    assert last["rows"] == len(answers(objects(ready, answers_in))) == count * ROWS


def test_answers_among_what_is_read_are_refused(command: Scoring, folder: str, ready: Storage) -> None:
    done = command.run(folder, f"{folder}/answers/", "--shard", "0/1")
    line = f"churn: {folder}/answers/: lies in {folder}, which is read; another folder was expected\n"
    assert (done.returncode, done.stderr) == (2, line)
    assert not [name for name in names(ready, FOLDER) if name.startswith("answers")]


@pytest.mark.parametrize(
    ("source", "target", "changes", "line"),
    [
        (
            f"s3://{DATA}/in/none/",
            "scores/x",
            {},
            f"s3://{DATA}/in/none/: holds no table (CSV, Parquet, JSON or .xlsx)",
        ),
        (f"s3://{DATA}/in/folder", "elsewhere/x", {}, f"s3://{DATA}/elsewhere/x/a.csv.csv: access denied"),
        ("s3://churn-nowhere/in", "scores/x", {}, "s3://churn-nowhere/in: there is no such bucket"),
        (f"s3://{DATA}/in/folder", "scores/x", {"user": SERVING}, f"s3://{DATA}/in/folder: access denied"),
        (
            f"s3://{DATA}/in/folder",
            "scores/x",
            {"model": "s3://churn-models/none/"},
            "s3://churn-models/none/: there is no model package",
        ),
    ],
    ids=["empty", "no-right-to-write", "no-bucket", "no-right-to-read", "no-model"],
)
@pytest.mark.usefixtures("folder")
def test_what_cannot_be_scored_is_one_line(
    source: str, target: str, changes: dict[str, str], line: str, command: Scoring, ready: Storage
) -> None:
    rights = ready.environment(changes["user"]) if "user" in changes else {}
    model = ["--model", changes["model"]] if "model" in changes else []
    done = command.run(source, f"s3://{DATA}/{target}", "--shard", "0/1", *model, **rights)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(f"churn: {line}")
    assert not names(ready, target)


def test_a_package_that_somebody_changed_scores_nobody(command: Scoring, ready: Storage, folder: str) -> None:
    root = ready.client(ROOT)
    for found in root.list_objects_v2(Bucket="churn-models", Prefix="starter/0.0.0/")["Contents"]:
        body = root.get_object(Bucket="churn-models", Key=found["Key"])["Body"].read()
        name = found["Key"].rsplit("/", 1)[-1]
        changed = body.replace(b"0", b"1", 1) if name == "scorecard.json" else body
        root.put_object(Bucket="churn-models", Key=f"changed/{name}", Body=changed)
    words = (folder, f"s3://{DATA}/scores/changed", "--shard", "0/1", "--model", "s3://churn-models/changed")
    done = command.run(*words)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("churn: scorecard.json: ")
    assert not names(ready, "scores/changed")
