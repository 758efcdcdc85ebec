"""Where the benchmark finds and leaves things: everything it makes lies in `.bench/` of the repository.

It knows paths and how the models come to be; it starts no server.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from churnbench.console import progress
from churnbench.errors import BenchError

ROOT = Path(__file__).resolve().parents[3]
LOAD = ROOT / "tests" / "load"
PEERS = LOAD / "peers"
MODEL = "churn-telecom"
USECASE = "telecom"
SIMULATED_CUSTOMERS = 7000


@dataclass(frozen=True)
class Workplace:
    """Folders of one benchmark, and whose code runs in it: ours, or that of a former commit."""

    folder: Path
    root: Path = ROOT
    python: Path = Path(sys.executable)
    paths: tuple[Path, ...] = ()
    """Source folders that go before what is installed."""

    @property
    def package(self) -> Path:
        """Our package of the model that all contenders share."""
        return self.folder / "package"

    @property
    def verify_key(self) -> Path:
        """The key it is checked with."""
        return self.folder / "keys" / "verify.pem"

    @property
    def logs(self) -> Path:
        """What every server and tool wrote."""
        return self.folder / "logs"

    def bodies(self, name: str) -> Path:
        """File with the requests of one wire form."""
        return self.folder / "bodies" / name

    def expected(self) -> list[float]:
        """The model's probability for each request, in their order."""
        probabilities: list[float] = json.loads((self.folder / "expected.json").read_text())
        return probabilities

    def peer_environment(self) -> dict[str, str]:
        """Variables that peers read, and that keep the libraries below them in our folder and quiet.

        PATH is that of an activated environment: MLflow starts its server by name.
        """
        return {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "BENCH_DIR": str(self.folder),
            "BENTOML_HOME": str(self.folder / "bentoml"),
            "BENTOML_DO_NOT_TRACK": "True",
            "MLFLOW_TRACKING_URI": f"sqlite:///{self.folder / 'mlflow.db'}",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }

    def our_environment(self) -> dict[str, str]:
        """Variables that all of our processes read; the user's own models are never touched."""
        variables = {"CHURN_HOME": str(self.folder / "home"), "CHURN_VERIFY_KEY": str(self.verify_key)}
        return variables | ({"PYTHONPATH": os.pathsep.join(map(str, self.paths))} if self.paths else {})


def open_workplace(data: Path | None) -> Workplace:
    """Make sure that models and requests are there, made from these customers or from simulated ones.

    Raises:
        BenchError: the customers cannot be learned from.
    """
    workplace = Workplace(ROOT / ".bench")
    prepare(workplace, data or simulated(workplace))
    return workplace


def prepare(workplace: Workplace, data: Path) -> None:
    """Train on these customers with the workplace's own code, unless that is done already.

    Raises:
        BenchError: the customers cannot be learned from.
    """
    prepared = workplace.folder / "prepared"
    wanted = hashlib.sha256(data.read_bytes() + preparing_code(workplace.root)).hexdigest()
    if not (prepared.is_file() and prepared.read_text() == wanted):
        progress(f"training one pipeline for all on {data.name}, and writing requests")
        script = workplace.root / "tests" / "load" / "peers" / "prepare.py"
        command = [str(workplace.python), str(script), str(data.resolve()), "--out", str(workplace.folder)]
        environment = {name: value for name, value in workplace.our_environment().items() if name == "PYTHONPATH"}
        run_quietly(command, workplace.logs / "prepare.log", environment)
        prepared.write_text(wanted)


def simulated(workplace: Workplace) -> Path:
    """A file of customers who do not exist."""
    path = workplace.folder / "simulated.csv"
    if not path.is_file():
        rows = ["--rows", str(SIMULATED_CUSTOMERS), "--usecase", USECASE, "--out", str(path)]
        command = [sys.executable, "-m", "churn_cli", "simulate", *rows]
        run_quietly(command, workplace.logs / "simulate.log", workplace.our_environment())
    return path


def preparing_code(root: Path) -> bytes:
    """Sources that decide what preparation writes, so that a change of them prepares anew."""
    made_by_us = [*(root / "model_repo").rglob("*.py"), *(root / "training").rglob("*.py")]
    peers = root / "tests" / "load" / "peers"
    files = sorted([peers / "prepare.py", peers / "savers.py", peers / "wire.py", *made_by_us])
    return b"".join(path.read_bytes() for path in files)


def run_quietly(command: Sequence[str], log: Path, environment: dict[str, str]) -> str:
    """Run to the end with all output in a log, and answer that output.

    Raises:
        BenchError: it failed; says what it said last.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        code = subprocess.run(
            command, stdout=output, stderr=subprocess.STDOUT, env=os.environ | environment, cwd=ROOT, check=False
        ).returncode
    text = log.read_text(errors="replace")
    if code != 0:
        last = next((line for line in reversed(text.splitlines()) if line.strip()), "no output")
        raise BenchError(f"{Path(command[0]).name} {' '.join(command[1:4])} ended with {code}: {last.strip()[:300]}")
    return text
