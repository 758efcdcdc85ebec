"""One object storage and one MLflow for all tests beside them.

versitygw is the binary that the cluster's image is made of; it must have been built (`make cluster` does).
`ci/test --storage` runs these tests, in one process.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from churn_training.cluster import material
from churn_training.cluster.names import CONSUMERS, MLFLOW, MONITORING, PREDICTION_LOG, USER_ID, USER_SECRET
from ports import free_port
from real_processes import Service
from tests.storage.machines import ROOT, Machine, Storage


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    home = tmp_path_factory.mktemp("storage")
    users = {consumer: material.new_user(f"churn-{consumer}") for consumer in (*CONSUMERS, PREDICTION_LOG, MONITORING)}
    (home / "users").mkdir()
    (home / "users" / "users.json").write_text(material.users_file(users)["users.json"])
    (home / "users" / "users.json").chmod(0o400)
    (home / "users").chmod(0o500)
    users[ROOT] = material.new_user("churn-root")
    (home / "objects").mkdir()
    program = Path(os.environ.get("CLUSTER_HOME") or Path.home() / ".cache" / "churn-cluster") / "bin" / "versitygw"
    assert program.is_file(), f"{program}: not built yet, run `make cluster`"
    port = free_port()
    command = [program, "--port", f"127.0.0.1:{port}", "--iam-dir", home / "users", "posix", home / "objects"]
    environment = {"ROOT_ACCESS_KEY": users[ROOT][USER_ID], "ROOT_SECRET_KEY": users[ROOT][USER_SECRET]}
    with (home / "log").open("wb") as log:
        running = subprocess.Popen(
            [str(word) for word in command], env={**os.environ, **environment}, stdout=log, stderr=log
        )
    try:
        yield Storage(f"http://127.0.0.1:{port}", users, home)
    finally:
        running.terminate()
        running.wait(10)


@pytest.fixture(scope="session")
def ready(storage: Storage, package_folder: Path) -> Storage:
    """The storage with buckets, policies and the starter; it was asked for before it could answer."""
    done = storage.set_up(package_folder)
    assert done.returncode == 0, done.stderr
    return storage


@pytest.fixture(scope="session")
def machine(ready: Storage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with machine_with_mlflow(ready, tmp_path_factory.mktemp("machine")) as found:
        yield found


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
