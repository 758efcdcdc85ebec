"""Addresses of object storage as far as they can be refused without one; tests/e2e has one."""

import os
from pathlib import Path

import pytest

from churn_cli.main import main
from churn_data.errors import DataError
from churn_data.local_files import local_copy, upload_after
from churn_data.locations import ObjectLocation, location
from ports import free_port


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("customers.csv", Path("customers.csv")),
        ("/data/a b.csv", Path("/data/a b.csv")),
        ("s3://data/in/a b?.csv", ObjectLocation("data", "in/a b?.csv")),
        ("s3://data", ObjectLocation("data", "")),
    ],
)
def test_what_an_address_means(text: str, expected: Path | ObjectLocation) -> None:
    assert location(text) == expected
    assert str(location(text)) == text


def test_a_path_is_used_as_it_is(tmp_path: Path) -> None:
    with local_copy(tmp_path / "a.csv") as read, upload_after(tmp_path / "b.csv") as written:
        assert (read, written) == (tmp_path / "a.csv", tmp_path / "b.csv")


def test_a_file_has_its_problem_under_any_name() -> None:
    error = DataError("/tmp/x/a.csv", "is empty", column="b", row=3).of("s3://data/a.csv")
    assert str(error) == 's3://data/a.csv, column "b", row 3: is empty'


@pytest.mark.parametrize(
    ("settings", "data", "code", "line"),
    [
        ({}, "s3://data/c.csv", 1, "s3://data/c.csv: the object storage at {url} does not answer"),
        ({}, "s3://data", 2, "s3://data: s3://bucket/key was expected"),
        ({}, "s3://data/..", 2, "s3://data/..: s3://bucket/key was expected"),
        ({}, "s3://No Bucket/c.csv", 2, "s3://No Bucket/c.csv: is not the name of a bucket and an object"),
        ({"AWS_ENDPOINT_URL_S3": "nowhere"}, "s3://data/c.csv", 2, "AWS_ENDPOINT_URL_S3: 'nowhere' is not an address"),
        ({"AWS_SECRET_ACCESS_KEY": ""}, "s3://data/c.csv", 2, "s3://data/c.csv: no credentials; set AWS_ACCESS_KEY_ID"),
    ],
)
@pytest.mark.usefixtures("home")
def test_bad_addresses_are_one_line(
    settings: dict[str, str],
    data: str,
    code: int,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    usual = {"AWS_ENDPOINT_URL_S3": url, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    for name, value in {**usual, **settings}.items():
        monkeypatch.setenv(name, value)
    assert main(["train", "--data", data]) == code
    said = capsys.readouterr().err
    assert said.startswith(f"churn: {line.format(url=url)}")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "customers.csv"
    (os.mkfifo if kind == "pipe" else os.mkdir)(path)
    with pytest.raises(DataError, match=r"customers\.csv: is (not a file|a folder: name one)"), local_copy(path):
        pass
