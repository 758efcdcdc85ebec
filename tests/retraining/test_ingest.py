"""`churn ingest` keeps a file as it is now: whoever asks again gets what was kept, whatever became of the file."""

import hashlib
import json
from pathlib import Path

import pytest

from churn_cli.main import main


def kept(capsys: pytest.CaptureFixture[str], data: Path, folder: Path) -> dict[str, object]:
    capsys.readouterr()
    assert main(["ingest", "--data", str(data), "--into", str(folder), "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return found


def test_a_second_run_finds_what_the_first_has_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, folder = tmp_path / "customers.csv", tmp_path / "snapshots" / "airflow-1"
    data.write_text("id,Churn\n1,Yes\n")
    digest = hashlib.sha256(data.read_bytes()).hexdigest()
    wanted = {"data": str(folder / "customers.csv"), "sha256": digest, "bytes": 15}
    assert kept(capsys, data, folder) == {**wanted, "made": True}
    data.write_text("id,Churn\n1,Yes\n2,No\n")
    assert kept(capsys, data, folder) == {**wanted, "made": False}
    assert [path.name for path in folder.iterdir()] == ["customers.csv"]
    assert kept(capsys, data, tmp_path / "snapshots" / "airflow-2")["bytes"] == 20


@pytest.mark.parametrize(
    ("data", "into", "problem"),
    [
        ("nowhere.csv", "snapshots", "nowhere.csv: "),
        ("s3://bucket", "snapshots", "--data names no file"),
        (__file__, __file__, "cannot be written"),
    ],
)
def test_what_cannot_be_kept_is_one_line(
    data: str, into: str, problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ingest", "--data", data, "--into", into]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert problem in lines[0]
