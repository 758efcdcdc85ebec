"""Object storage and who works with it, as processes of this machine, without a cluster."""

import dataclasses
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from churn_training.cluster import material
from churn_training.cluster.names import (
    CONSUMERS,
    MARKETING,
    MLFLOW,
    MONITORING,
    PREDICTION_LOG,
    TRAINING,
    USER_ID,
    USER_SECRET,
)
from ports import free_port
from real_processes import Service

PROCESS_SECONDS = 600.0
"""What no process takes that ends at all, however busy the machine."""
ROOT, SET_UP = "root", "churn_cli.programs.storage_setup"
STARTER = "s3://churn-models/starter/0.0.0/"
Credentials = dict[str, str]


@dataclasses.dataclass
class Storage:
    """A running object storage and who may use it."""

    url: str
    users: dict[str, Credentials]
    home: Path

    def environment(self, user: str) -> dict[str, str]:
        return {"AWS_ENDPOINT_URL_S3": self.url, "MLFLOW_S3_ENDPOINT_URL": self.url} | self.users[user]

    def client(self, user: str) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=self.users[user][USER_ID],
            aws_secret_access_key=self.users[user][USER_SECRET],
            config=Config(retries={"total_max_attempts": 1, "mode": "standard"}, connect_timeout=30, read_timeout=60),
        )

    def set_up(self, starter: Path, **changes: str) -> subprocess.CompletedProcess[str]:
        return process(SET_UP, **self.set_up_environment(starter, **changes))

    def set_up_environment(self, starter: Path, **changes: str) -> dict[str, str]:
        settings = {f"CHURN_STORAGE_{name.upper()}_USER": self.users[name][USER_ID] for name in CONSUMERS}
        settings |= {"CHURN_STORAGE_STARTER": str(starter), "CHURN_STORAGE_STARTER_URI": STARTER}
        return self.environment(ROOT) | settings | changes


@dataclasses.dataclass
class Machine:
    """A machine that trains with MLflow's server and the object storage."""

    storage: Storage
    home: Path
    tracking_uri: str

    def churn(self, *arguments: str, user: str | None = TRAINING, **more: str) -> subprocess.CompletedProcess[str]:
        rights = self.storage.environment(user) if user else {"AWS_ENDPOINT_URL_S3": self.storage.url}
        local = {"CHURN_HOME": str(self.home), "CHURN_TRACKING_URI": self.tracking_uri}
        return process("churn_cli", *arguments, **rights | local | more)

    def train(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Train few families: what is stored, by whom and where is the same for all of them."""
        rights, local = self.storage.environment(TRAINING), {"CHURN_HOME": str(self.home)}
        settings = rights | local | {"CHURN_TRACKING_URI": self.tracking_uri} | more
        return process("tests.training.small_training", "train", "--budget", "0", *arguments, **settings)


def process(module: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *arguments]
    settings = surroundings(environment)
    return subprocess.run(command, env=settings, capture_output=True, text=True, timeout=PROCESS_SECONDS, check=False)


@contextmanager
def started(log: Path, module: str, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that says what it does in a file, as long as the block lasts at most."""
    with log.open("wb") as output:
        running = subprocess.Popen(
            [sys.executable, "-m", module], env=surroundings(environment), stdout=output, stderr=output
        )
    try:
        yield running
    finally:
        running.kill()
        running.wait(60)


def surroundings(environment: dict[str, str]) -> dict[str, str]:
    """The environment of a process that has no rights but these."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CHURN_", "MLFLOW_"))
    }
    return {**inherited, "AWS_EC2_METADATA_DISABLED": "true", **environment}


@contextmanager
def object_storage(home: Path, host: str = "127.0.0.1") -> Iterator[Storage]:
    """An empty object storage that listens at an address of this machine, and its users; nobody has rights yet."""
    known = (*CONSUMERS, PREDICTION_LOG, MONITORING, MARKETING)
    users = {consumer: material.new_user(f"churn-{consumer}") for consumer in known}
    (home / "users").mkdir()
    (home / "users" / "users.json").write_text(material.users_file(users)["users.json"])
    (home / "users" / "users.json").chmod(0o400)
    (home / "users").chmod(0o500)
    users[ROOT] = material.new_user("churn-root")
    (home / "objects").mkdir()
    program = Path(os.environ.get("CLUSTER_HOME") or Path.home() / ".cache" / "churn-cluster") / "bin" / "versitygw"
    assert program.is_file(), f"{program}: not built yet, run `make cluster`"
    port = free_port()
    command = [program, "--port", f"{host}:{port}", "--iam-dir", home / "users", "posix", home / "objects"]
    environment = {"ROOT_ACCESS_KEY": users[ROOT][USER_ID], "ROOT_SECRET_KEY": users[ROOT][USER_SECRET]}
    with (home / "log").open("wb") as log:
        running = subprocess.Popen(
            [str(word) for word in command], env={**os.environ, **environment}, stdout=log, stderr=log
        )
    try:
        yield Storage(f"http://{host}:{port}", users, home)
    finally:
        running.terminate()
        running.wait(60)


@contextmanager
def machine_with_mlflow(storage: Storage, home: Path) -> Iterator[Machine]:
    """A machine beside a new MLflow, which knows nothing of what the storage holds."""
    port = free_port()
    server = Service(
        "mlflow",
        ["uvicorn", "mlflow.server.fastapi_app:app", "--host", "127.0.0.1", "--port", str(port), "--no-access-log"],
        {
            "_MLFLOW_SERVER_FILE_STORE": f"sqlite:///{home / 'mlflow.db'}",
            "_MLFLOW_SERVER_ARTIFACT_ROOT": "s3://churn-models/",
            "MLFLOW_SERVER_ALLOWED_HOSTS": f"127.0.0.1:{port}",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            **storage.environment(MLFLOW),
        },
        f"http://127.0.0.1:{port}/health",
        home / "mlflow.log",
    )
    server.start()
    try:
        server.wait_ready()
        yield Machine(storage, home, f"http://127.0.0.1:{port}")
    finally:
        server.stop()
