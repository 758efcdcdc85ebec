"""The prediction log reaches object storage exactly once, while the storage and the shipper are killed in turn."""

import collections
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from churn_model.prediction_log.records import AnswerNote
from ports import free_port
from tests.prediction_log.shipped import answer, tables, write_segment
from tests.prediction_log.shipper import ShipperProcess

BUCKET = "predictions"
VICTIMS = ("storage", "shipper", "storage", "shipper", "storage")


class KillableStorage:
    """versitygw over a folder, which outlives it."""

    def __init__(self, home: Path) -> None:
        self.objects, self._home, self._port = home / "objects", home, free_port()
        (home / "users").mkdir()
        self.objects.mkdir()
        self.environment = {
            "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{self._port}",
            "AWS_ACCESS_KEY_ID": "root-user",
            "AWS_SECRET_ACCESS_KEY": "root-secret-of-a-test",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        home = os.environ.get("CLUSTER_HOME") or Path.home() / ".cache" / "churn-cluster"
        program = Path(home) / "bin" / "versitygw"
        assert program.is_file(), f"{program}: not built yet, run `make cluster`"
        words = [program, "--port", f"127.0.0.1:{self._port}", "--iam-dir", self._home / "users", "posix", self.objects]
        keys = {"ROOT_ACCESS_KEY": "root-user", "ROOT_SECRET_KEY": "root-secret-of-a-test"}
        with (self._home / "storage.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(word) for word in words], env={**os.environ, **keys}, stdout=log, stderr=log
            )

    def make_bucket(self) -> None:
        client = boto3.client(
            "s3",
            endpoint_url=self.environment["AWS_ENDPOINT_URL_S3"],
            region_name="us-east-1",
            aws_access_key_id="root-user",
            aws_secret_access_key="root-secret-of-a-test",
            config=Config(retries={"total_max_attempts": 1, "mode": "standard"}, connect_timeout=3),
        )
        deadline = time.monotonic() + 60
        while True:
            try:
                client.create_bucket(Bucket=BUCKET)
            except (BotoCoreError, ClientError):
                assert time.monotonic() < deadline
                time.sleep(0.1)
            else:
                return

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(60)


@pytest.fixture
def killable(tmp_path: Path) -> Iterator[KillableStorage]:
    storage = KillableStorage(tmp_path)
    storage.start()
    try:
        storage.make_bucket()
        yield storage
    finally:
        storage.kill()


def test_every_record_is_one_row_whoever_is_killed(killable: KillableStorage, tmp_path: Path) -> None:
    segments, written = tmp_path / "segments", collections.Counter[str]()
    store = killable.objects / BUCKET / "log"

    def write(count: int) -> None:
        for _ in range(count):
            notes: list[AnswerNote] = [answer("a", "b"), answer("c")]
            write_segment(segments, *notes)
            written.update({note.request_id: len(note.customers) for note in notes})

    shipper = ShipperProcess(segments, f"s3://{BUCKET}/log", tmp_path / "shipper.log", killable.environment)
    with shipper:
        for victim in VICTIMS:
            there = len(list(store.rglob("*.parquet")))
            write(4)
            deadline = time.monotonic() + 150
            while len(list(store.rglob("*.parquet"))) <= there:
                assert time.monotonic() < deadline
                time.sleep(0.02)
            process = killable if victim == "storage" else shipper
            process.kill()
            write(4)
            process.start()
        shipper.finish()
    assert not list(segments.rglob("*.segment"))
    rows = collections.Counter[str]()
    for table in tables(store).values():
        rows.update(table["request_id"].to_pylist())
    assert rows == written
