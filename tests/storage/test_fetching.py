"""Scores for the app for people: whole runs alone are fetched from object storage, by somebody who may read those."""

import io
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas
import pytest
from botocore.exceptions import ClientError

from churn_cli.main import main as churn
from churn_marketing.command import main as app
from churn_marketing.store.batches import Batch, find_batches
from churn_model.package import open_package
from churn_model.signing import SigningKey, TrustedKeys
from churn_training.cluster.names import MARKETING, TRAINING, USER_ID
from ports import free_port
from sample_package import Keys, sample_rows, sample_schema
from tests.storage.machines import ROOT, STARTER, Storage, process

ROWS = 20
DATA, CUSTOMERS, ANSWERS = "churn-data", "shown/weekly", "scores/weekly"


@pytest.fixture(scope="module")
def showing(ready: Storage, package_folder: Path) -> Iterator[Storage]:
    """The storage of a release with the app for people."""
    place = {"CHURN_STORAGE_MARKETING_CUSTOMERS": f"s3://{DATA}/{CUSTOMERS}/"}
    done = ready.set_up(package_folder, CHURN_STORAGE_MARKETING_USER=ready.users[MARKETING][USER_ID], **place)
    assert done.returncode == 0, done.stderr
    yield ready
    assert ready.set_up(package_folder).returncode == 0
    assert not may(ready, "get_object", Bucket=DATA, Key=f"{CUSTOMERS}/a.csv")


class People:
    """What happens to one folder of customers, and what the app then sees of it."""

    def __init__(self, storage: Storage, keys: Keys, folder: Path, log: pytest.LogCaptureFixture) -> None:
        self.storage, self.folder, self._keys, self._log = storage, folder, keys, log
        self.client = storage.client(ROOT)
        for key in (CUSTOMERS, ANSWERS):
            for each in self.client.list_objects_v2(Bucket=DATA, Prefix=f"{key}/").get("Contents", []):
                self.client.delete_object(Bucket=DATA, Key=each["Key"])
        frame = pandas.DataFrame(sample_rows(4 * ROWS, 3), columns=sample_schema().names)
        frame.insert(0, "customer", [f"c{number:03d}" for number in range(len(frame))])
        self.frame, rest = frame, io.BytesIO()
        frame[2 * ROWS :].to_parquet(rest, index=False, row_group_size=ROWS)
        self.put("a.csv", frame[:ROWS])
        self.put("may/a.csv", frame[ROWS : 2 * ROWS])
        self.client.put_object(Bucket=DATA, Key=f"{CUSTOMERS}/rest.parquet", Body=rest.getvalue())

    def put(self, name: str, frame: pandas.DataFrame) -> None:
        body = frame.to_csv(index=False).encode()
        self.client.put_object(Bucket=DATA, Key=f"{CUSTOMERS}/{name}", Body=body)

    def score(self, shard: str = "0/1") -> None:
        """In this process, as what fetches: what they are as processes costs seconds and other tests show."""
        places = [f"s3://{DATA}/{CUSTOMERS}/", f"s3://{DATA}/{ANSWERS}/", "--model", STARTER]
        settings = {"CHURN_HOME": str(self.folder / "home"), **self.storage.environment(TRAINING)}
        with self._set(settings):
            assert churn(["score", *places, "--shard", shard]) == 0

    def fetch(self, *more: str, **changes: str) -> tuple[int, str]:
        """Its exit code and what it said."""
        places = {"CUSTOMERS": f"s3://{DATA}/{CUSTOMERS}/", "ANSWERS": f"s3://{DATA}/{ANSWERS}/", "MODEL": STARTER}
        settings = {f"CHURN_MARKETING_FETCH_{name}": value for name, value in places.items()}
        settings |= {"CHURN_MARKETING_FETCH_FOLDER": str(self.folder / "scores"), **self.storage.environment(MARKETING)}
        self._log.clear()
        with self._set(settings | changes):
            return app(["fetch", "--once", *more]), self._log.text

    @contextmanager
    def _set(self, settings: dict[str, str]) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {"CHURN_VERIFY_KEY": str(self._keys.verify_path), **settings}.items():
                patch.setenv(name, value)
            yield

    def fetched(self, *more: str) -> list[Batch]:
        """What the app finds after a look that found nothing wrong."""
        code, said = self.fetch(*more)
        assert code == 0, said
        return self.batches()

    def batches(self) -> list[Batch]:
        """As the app sees them some seconds later."""
        for file in (self.folder / "scores" / "batches").rglob("*"):
            if file.is_file() and file.stat().st_mtime > time.time() - 30:
                os.utime(file, (file.stat().st_atime, file.stat().st_mtime - 30))
        found, unfit = find_batches(self.folder / "scores" / "batches", self.folder / "scores" / "customers")
        assert not unfit
        return found


@pytest.fixture
def people(showing: Storage, keys: Keys, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> People:
    return People(showing, keys, tmp_path, caplog)


def answered(batch: Batch) -> set[str]:
    return set(pandas.concat([pandas.read_csv(file) for file in batch.files])["id"])


def may(storage: Storage, call: str, **arguments: object) -> bool:
    try:
        getattr(storage.client(MARKETING), call)(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("AccessDenied", "403"):
            raise
        return False
    return True


def test_each_whole_run_becomes_a_batch_and_nothing_else_does(people: People) -> None:
    people.score("0/2")
    code, said = people.fetch()
    assert (code, people.batches()) == (1, [])
    assert "2 of 4 parts have no answers" in said
    people.score("1/2")
    (first,) = people.fetched()
    assert answered(first) == set(people.frame["customer"])
    assert first.customers is not None
    read = [pandas.read_csv(first.customers / name, dtype=str) for name in ("a.csv", "may/a.csv")]
    assert len(pandas.concat(read)) == 2 * ROWS
    assert people.fetched() == [first]  # nothing new
    newcomers = people.frame[:ROWS].assign(customer=[f"new{number}" for number in range(ROWS)])
    people.put("a.csv", newcomers)
    code, said = people.fetch()
    assert (code, people.batches()) == (1, [first])
    assert "1 of 4 parts have no answers to what the customers are now" in said
    people.score()
    second, before = people.fetched()
    assert before == first
    present = set(newcomers["customer"]) | set(people.frame["customer"][ROWS:])
    assert answered(second) == present
    people.put("b.csv", people.frame[:ROWS])
    people.score()
    (last,) = people.fetched("--kept", "1")
    assert answered(last) == present | set(people.frame["customer"])
    left = {each.name for each in (people.folder / "scores" / "customers").iterdir()}
    assert left == {last.name}


def test_answers_that_are_being_written_again_are_left_alone(people: People) -> None:
    people.score()
    key = f"{ANSWERS}/a.csv.csv"
    body = people.client.get_object(Bucket=DATA, Key=key)["Body"].read()
    time.sleep(1.1)  # object storage tells seconds
    people.client.put_object(Bucket=DATA, Key=key, Body=body[:-9])
    assert people.fetch()[0] == 1
    assert people.batches() == []


def test_the_model_is_there_once_it_is_proven(people: People, keys: Keys, package_folder: Path, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger.pem"
    stranger.write_bytes(SigningKey.generate(tmp_path / "signing.pem").public_pem())
    model = people.folder / "scores" / "model"
    _, said = people.fetch(CHURN_VERIFY_KEY=str(stranger))
    assert "the model is not fetched" in said
    assert not model.exists()
    people.fetch()
    trusted = TrustedKeys.load(keys.verify_path)
    assert open_package(model.resolve(), trusted).digest == open_package(package_folder, trusted).digest
    people.score()
    (batch,) = people.fetched()
    code, said = people.fetch(AWS_ENDPOINT_URL_S3=f"http://127.0.0.1:{free_port()}")
    assert code == 1
    assert "does not answer" in said
    assert people.batches() == [batch]


def test_it_reads_what_is_shown_and_writes_nothing(showing: Storage) -> None:
    client = showing.client(ROOT)
    for key in (f"{CUSTOMERS}/rights.csv", f"{ANSWERS}/rights.csv", "snapshots/a", f"{CUSTOMERS}-of-others/b.csv"):
        client.put_object(Bucket=DATA, Key=key, Body=b"x")
    found = {
        "customers": may(showing, "get_object", Bucket=DATA, Key=f"{CUSTOMERS}/rights.csv"),
        "answers": may(showing, "get_object", Bucket=DATA, Key=f"{ANSWERS}/rights.csv"),
        "list": may(showing, "list_objects_v2", Bucket=DATA, Prefix=f"{ANSWERS}/"),
        "models": may(showing, "list_objects_v2", Bucket="churn-models"),
        "others": may(showing, "get_object", Bucket=DATA, Key=f"{CUSTOMERS}-of-others/b.csv"),
        "snapshots": may(showing, "get_object", Bucket=DATA, Key="snapshots/a"),
        "list all": may(showing, "list_objects_v2", Bucket=DATA),
        "write": may(showing, "put_object", Bucket=DATA, Key=f"{ANSWERS}/x", Body=b"x"),
        "delete": may(showing, "delete_object", Bucket=DATA, Key=f"{ANSWERS}/rights.csv"),
        "write models": may(showing, "put_object", Bucket="churn-models", Key="x", Body=b"y"),
    }
    assert {deed for deed, allowed in found.items() if allowed} == {"customers", "answers", "list", "models"}


def test_a_place_that_is_none_ends_the_process_and_is_named(showing: Storage, keys: Keys, tmp_path: Path) -> None:
    places = {"CUSTOMERS": "s3://data/in/", "ANSWERS": "scores/", "MODEL": STARTER, "FOLDER": str(tmp_path)}
    settings = {f"CHURN_MARKETING_FETCH_{name}": value for name, value in places.items()}
    settings |= {"CHURN_VERIFY_KEY": str(keys.verify_path), **showing.environment(MARKETING)}
    done = process("churn_marketing", "fetch", **settings)
    assert done.returncode == 2
    assert done.stderr == "marketing: CHURN_MARKETING_FETCH_ANSWERS: 'scores/' is not s3://bucket/folder/\n"
