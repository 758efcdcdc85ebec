"""A former commit beside ours: its code, its libraries, its package, measured in the same rounds.

Its sources are unpacked into `.bench/former/`. Where it locks the same libraries, ours serve both; else it gets an
environment of its own by its own set-up.
"""

from __future__ import annotations

import dataclasses
import hashlib
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from churnbench.console import progress
from churnbench.contenders import Contender
from churnbench.errors import BenchError
from churnbench.processes import Command
from churnbench.rounds import Measured
from churnbench.tables import markdown
from churnbench.workplace import ROOT, Workplace, prepare, run_quietly

SOURCES = ("model_repo", "training", "serving")
LOCK = "requirements.lock"


def former_workplace(workplace: Workplace, revision: str, data: Path) -> Workplace:
    """That commit's code with a package that it made of the same customers.

    Raises:
        BenchError: there is no such commit, or it cannot be set up or train.
    """
    commit = resolved(revision)
    folder = workplace.folder / "former" / commit
    root, log = unpacked_tree(folder, commit)
    former = Workplace(folder, root, python_of(root, log), tuple(root / source for source in SOURCES))
    prepare(former, data)
    return former


def unpacked(workplace: Workplace, revision: str) -> Workplace:
    """That commit's code beside our package and our requests.

    Raises:
        BenchError: there is no such commit, or it cannot be set up.
    """
    commit = resolved(revision)
    root, log = unpacked_tree(workplace.folder / "former" / commit, commit)
    return Workplace(workplace.folder, root, python_of(root, log), tuple(root / source for source in SOURCES))


def unpacked_tree(folder: Path, commit: str) -> tuple[Path, Path]:
    """That commit's files below a folder of its own, and the log of how they came there.

    Raises:
        BenchError: they cannot be unpacked.
    """
    root = folder / "tree"
    log = folder / "logs" / "set-up.log"
    if not (folder / "unpacked").is_file():
        root.mkdir(parents=True, exist_ok=True)
        archive = folder / "tree.tar"
        run_quietly(["git", "archive", "--output", str(archive), commit], log, {})
        run_quietly(["tar", "--extract", "--file", str(archive), "--directory", str(root)], log, {})
        (folder / "unpacked").touch()
    return root, log


def resolved(revision: str) -> str:
    """The commit's first twelve digits.

    Raises:
        BenchError: there is no such commit.
    """
    command = ["git", "rev-parse", "--verify", "--quiet", "--short=12", f"{revision}^{{commit}}"]
    found = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if found.returncode != 0:
        raise BenchError(f"--against {revision}: no such commit")
    return found.stdout.strip()


def python_of(root: Path, log: Path) -> Path:
    """An interpreter with the libraries that the commit locks.

    Raises:
        BenchError: they cannot be installed.
    """
    if digest(root / LOCK) == digest(ROOT / LOCK):
        return Path(sys.executable)
    progress("the former commit locks other libraries: setting it up (a few minutes the first time)")
    run_quietly(["env", f"PYTHON={sys.executable}", str(root / "ci" / "setup")], log, {})
    return root / ".venv" / "bin" / "python"


def digest(path: Path) -> str:
    """Of a file's content."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def beside(contenders: Sequence[Contender], former: Workplace) -> list[Contender]:
    """The contenders, each of ours followed by what the former commit makes of it."""
    both = []
    for contender in contenders:
        both.append(contender)
        if contender.group == "ours":
            both.append(as_it_was(contender, former))
    return both


def as_it_was(contender: Contender, former: Workplace) -> Contender:
    """The same contender by the former commit's code."""

    def launch(_: Workplace, ports: Sequence[int]) -> list[Command]:
        return contender.launch(former, ports)

    name = former_name(contender, former)
    return dataclasses.replace(contender, name=name, group="former", launch=launch, workplace=former)


def former_name(contender: Contender, former: Workplace) -> str:
    """As the table calls it."""
    return f"{contender.name}@{former.folder.name}"


def comparison(table: Sequence[Measured], former: Workplace) -> list[dict[str, Any]]:
    """Ours divided by the former, round by round: requests a second, and p99 at 500 requests a second."""
    by_name = {measured.contender.name: measured for measured in table}
    figures: Sequence[tuple[str, Callable[[dict[str, Any]], float]]] = (
        ("requests a second", lambda found: found["closed"]["achieved_rate"]),
        ("p99 at 500 req/s", lambda found: found["open"]["latency_ms"]["p99"]),
    )
    compared = []
    for measured in table:
        was = by_name.get(former_name(measured.contender, former))
        if was is None or not (measured.rounds and was.rounds):
            continue
        for figure, take in figures:
            pairs = list(zip(measured.rounds, was.rounds, strict=False))
            ratios = [take(now) / take(before) for now, before in pairs]
            compared.append({"contender": measured.contender.name, "figure": figure, "ratios": ratios})
    return compared


def comparison_table(compared: Sequence[dict[str, Any]], former: Workplace) -> str:
    """One line a figure."""
    rows = [
        [
            each["contender"],
            each["figure"],
            f"{median(each['ratios']):.3f}",
            f"{min(each['ratios']):.3f}–{max(each['ratios']):.3f}",
        ]
        for each in compared
    ]
    return markdown(["contender", "figure", f"ours ÷ {former.folder.name}, median", "lowest–highest round"], rows)
