"""A champion trained on some of the real customers by the command that people use, once a test run."""

import dataclasses
import fcntl
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlparse

import pytest

from churn_model import Package, TrustedKeys, open_package

LEARNED_FROM = 1_200
ROOT = Path(__file__).resolve().parents[2]


@dataclasses.dataclass(frozen=True)
class Trained:
    """Where a training run left its things."""

    home: Path
    data: Path
    model: Path
    verify_key: Path
    package: Package
    result: dict[str, object]

    def run(self, *arguments: str) -> dict[str, object]:
        """Run ``churn ... --json`` in this home and return what it says."""
        return run_churn(self.home, *arguments)


def run_churn(home: Path, *arguments: str, program: str = "churn_cli") -> dict[str, object]:
    environment = {**os.environ, "CHURN_HOME": str(home)}
    command = [sys.executable, "-m", program, *arguments, "--json"]
    ended = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    result: dict[str, object] = json.loads(ended.stdout.splitlines()[-1])
    return result


@pytest.fixture(scope="session")
def trained(
    telco_path: Path, empty_database: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Trained:
    folder = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        folder = folder.parent  # that of all workers: the first to come trains for the others
    home, said = folder / "contract-home", folder / "contract.json"
    with (folder / "contract.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            # Every family at its default settings, a sixth of the customers: what answers alike is tested, for all of
            # them, not which settings are best.
            some = folder / "contract.csv"
            some.write_text("".join(telco_path.read_text().splitlines(keepends=True)[: LEARNED_FROM + 1]))
            words = ["train", "--usecase", "telecom", "--data", str(some), "--budget", "0"]
            home.mkdir(exist_ok=True)
            shutil.copy(empty_database, home / "mlflow.db")
            said.write_text(json.dumps(run_churn(home, *words, program="tests.contract.training")))
    result = json.loads(said.read_text())
    model = Path(urlparse(str(result["uri"])).path)
    verify_key = home / "keys" / "verify.pem"
    package = open_package(model, TrustedKeys.load(verify_key))
    return Trained(home, telco_path, model, verify_key, package, result)
