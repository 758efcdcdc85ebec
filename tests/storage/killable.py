"""An object storage that may be killed and started again, over objects that outlive it, or be held up for a while."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from patience import PATIENCE_SECONDS
from ports import free_port

BUCKET = "predictions"


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
            config=Config(retries={"total_max_attempts": 1, "mode": "standard"}, connect_timeout=30),
        )
        deadline = time.monotonic() + PATIENCE_SECONDS
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

    def freeze(self) -> None:
        """It accepts connections, by its kernel, and answers nobody."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on where it was."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[KillableStorage]:
    """One that runs, with its bucket."""
    storage = KillableStorage(tmp_path)
    storage.start()
    try:
        storage.make_bucket()
        yield storage
    finally:
        storage.kill()
