"""`churn score --shard`: a folder divided among processes that know nothing of each other, and gone on with after a
kill."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas
import pyarrow
import pyarrow.parquet
import pytest

from churn_cli.main import main
from sample_package import Keys, sample_rows, sample_schema

ROWS = 40


@pytest.fixture
def command(package_folder: Path, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("CHURN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CHURN_VERIFY_KEY", str(keys.verify_path))
    return ["score", "--model", str(package_folder), "--json"]


@pytest.fixture
def everybody() -> pandas.DataFrame:
    frame = pandas.DataFrame(sample_rows(4 * ROWS, 3), columns=sample_schema().names)
    frame.insert(0, "customer", [f"c{number:03d}" for number in range(len(frame))])
    return frame


@pytest.fixture
def customers(everybody: pandas.DataFrame, tmp_path: Path) -> Path:
    """Two CSV files, one in a folder of its own, and a Parquet file of four row groups."""
    folder = tmp_path / "customers"
    (folder / "may").mkdir(parents=True)
    everybody[:ROWS].to_csv(folder / "a.csv", index=False)
    everybody[ROWS : 2 * ROWS].to_csv(folder / "may" / "a.csv", index=False)
    write_groups(everybody[2 * ROWS :], folder / "rest.parquet")
    (folder / ".hidden.csv").write_text("no customers")
    (folder / "_SUCCESS").write_text("")
    return folder


def write_groups(frame: pandas.DataFrame, path: Path) -> None:
    table = pyarrow.Table.from_pandas(frame, preserve_index=False)
    pyarrow.parquet.write_table(table, path, row_group_size=ROWS // 2)


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return found


def answers(folder: Path) -> pandas.DataFrame:
    return pandas.concat([pandas.read_csv(path) for path in sorted(folder.rglob("*.csv"))], ignore_index=True)


def test_shards_answer_together_what_one_command_does(
    command: list[str],
    customers: Path,
    everybody: pandas.DataFrame,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, whole = tmp_path / "answers", tmp_path / "whole.csv"
    assert main([*command, str(customers), str(out), "--shard", "0/2"]) == 0
    first = told(capsys)
    assert main([*command, str(customers), str(out), "--shard", "1/2"]) == 0
    second = told(capsys)
    assert first["written"] == second["written"] == 3
    assert first["rows"] + second["rows"] == 4 * ROWS
    assert (second["shard"], second["reused"]) == ({"index": 1, "count": 2}, 0)
    names = {str(path.relative_to(out)) for path in out.rglob("*.csv")}
    assert names == {"a.csv.csv", "may/a.csv.csv", *(f"rest.parquet.{group:05d}.csv" for group in range(4))}
    everybody.to_csv(tmp_path / "everybody.csv", index=False)
    assert main([*command, str(tmp_path / "everybody.csv"), str(whole)]) == 0
    expected = pandas.read_csv(whole).set_index("id").sort_index()
    pandas.testing.assert_frame_equal(answers(out).set_index("id").sort_index(), expected, check_exact=True)


def test_an_indexed_job_says_which_shard_a_pod_is(
    command: list[str],
    customers: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JOB_COMPLETION_INDEX", "4")
    out = tmp_path / "answers"
    assert main([*command, str(customers), str(out), "--shard", "5", "--format", "parquet"]) == 0
    assert told(capsys)["shard"] == {"index": 4, "count": 5}
    assert {path.name for path in out.rglob("*") if path.is_file()} == {
        "rest.parquet.00002.parquet",
        "rest.parquet.00002.parquet.done",
    }


def test_what_is_done_is_not_done_again_unless_it_is_of_something_else(
    command: list[str], customers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "answers"
    words = [*command, str(customers), str(out), "--shard", "0/1"]
    assert main(words) == 0
    assert told(capsys)["written"] == 6
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.csv")}
    assert main(words) == 0
    again = told(capsys)
    assert (again["written"], again["reused"], again["rows"]) == (0, 6, 4 * ROWS)
    assert before == {path: path.stat().st_mtime_ns for path in out.rglob("*.csv")}
    lines = (customers / "a.csv").read_text().splitlines(keepends=True)
    (customers / "a.csv").write_text("".join(lines[:-1]))
    (out / "may" / "a.csv.csv.done").write_text("[]")
    assert main(words) == 0
    changed = told(capsys)
    assert (changed["written"], changed["reused"], changed["rows"]) == (2, 4, 4 * ROWS - 1)


def test_a_killed_shard_leaves_nothing_half_written_and_goes_on(
    command: list[str], customers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "answers"
    words = [*command, str(customers), str(out), "--shard", "0/1"]
    for number in range(40):
        (customers / f"more-{number:02d}.csv").write_bytes((customers / "a.csv").read_bytes())
    running = subprocess.Popen([sys.executable, "-m", "churn_cli", *words], stderr=subprocess.DEVNULL)
    while not list(out.rglob("*.done")) and running.poll() is None:
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.wait()
    done = list(out.rglob("*.done"))
    for note in done:
        whole = pandas.read_csv(note.with_suffix(""))
        assert len(whole) == json.loads(note.read_text())["rows"]
    for path in out.rglob("*.csv"):
        assert path.name.startswith(".") or len(pandas.read_csv(path)) in (ROWS, ROWS // 2)
    assert main(words) == 0
    last = told(capsys)
    assert last["reused"] == len(done) >= 1
    assert last["written"] == 46 - len(done)
    assert len(answers(out)) == last["rows"] == 44 * ROWS


@pytest.mark.parametrize(
    ("shard", "line"),
    [
        ("3/3", "--shard: there is no shard 3 of 3, they are counted from 0"),
        ("-1/3", "--shard: there is no shard -1 of 3"),
        ("two", "--shard: 'two' is not a shard: I/N, from 0/N on, or N with JOB_COMPLETION_INDEX set"),
        ("3", "--shard: '3' is not a shard"),
    ],
    ids=["beyond", "negative", "words", "no-index"],
)
def test_a_bad_shard_is_one_line(
    shard: str, line: str, command: list[str], customers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, str(customers), str(tmp_path / "answers"), f"--shard={shard}"]) == 2
    assert line in capsys.readouterr().err
    assert not (tmp_path / "answers").exists()


def test_bad_folders_and_files_are_one_line(
    command: list[str],
    customers: Path,
    everybody: pandas.DataFrame,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "answers"
    assert main([*command, str(customers), str(customers / "answers"), "--shard", "0/1"]) == 2
    assert f"{customers}/answers: lies in {customers}, which is read" in capsys.readouterr().err
    (tmp_path / "nothing").mkdir()
    assert main([*command, str(tmp_path / "nothing"), str(out), "--shard", "0/1"]) == 2
    assert "nothing: holds no table (CSV, Parquet, JSON or .xlsx)" in capsys.readouterr().err
    broken = customers / "broken.parquet"
    broken.write_bytes(b"PAR1 and no more")
    assert main([*command, str(customers), str(out), "--shard", "0/1"]) == 2
    assert f"{broken}: is not a Parquet file" in capsys.readouterr().err
    broken.unlink()
    rest = everybody[2 * ROWS :].reset_index(drop=True).astype({"tenure": object})
    rest.loc[ROWS + 3, "tenure"] = "many"
    write_groups(rest.astype({"tenure": str}), customers / "rest.parquet")
    assert main([*command, str(customers), str(out), "--shard", "0/1"]) == 2
    assert f'rest.parquet, column "tenure", row {ROWS + 5}' in capsys.readouterr().err
    assert not (out / "rest.parquet.00002.csv").exists()
    assert (out / "rest.parquet.00001.csv").exists()


def test_files_that_lack_columns_are_all_named_before_the_first_is_scored(
    command: list[str], customers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, other = tmp_path / "answers", customers / "may" / "a.csv"
    other.write_text(other.read_text().replace("tenure", "Tenure_", 1))
    header, *rows = (customers / "a.csv").read_text().splitlines()
    (customers / "short.csv").write_text("\n".join([header[: header.rindex(",")], rows[0][: rows[0].rindex(",")]]))
    assert main([*command, str(customers), str(out), "--shard", "0/1"]) == 2
    lacks = f'may/a.csv: "tenure", did you mean "Tenure_"?; short.csv: "{header[header.rindex(",") + 1 :]}"'
    problem = f"{customers}: 2 of 4 files lack columns that the model needs: {lacks}"
    assert problem in capsys.readouterr().err.replace("\n", " ")
    assert not out.exists()
