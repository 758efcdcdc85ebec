"""Programs that cannot share our environment get one of their own in `.bench/`, made on first use."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from churnbench.console import progress
from churnbench.errors import BenchError
from churnbench.workplace import Workplace, run_quietly


def programs_of(workplace: Workplace, name: str, requirements: Sequence[str]) -> Path:
    """The folder with the programs of these requirements.

    Raises:
        BenchError: the environment cannot be made; the table then says so.
    """
    environment = workplace.folder / name
    wanted = "\n".join(requirements)
    stamp = environment / "installed"
    if stamp.is_file() and stamp.read_text() == wanted:
        return environment / "bin"
    progress(f"installing {requirements[0]} into an environment of its own")
    log = workplace.logs / f"{name}-install.log"
    try:
        run_quietly([sys.executable, "-m", "venv", "--clear", str(environment)], log, {})
        run_quietly([str(environment / "bin" / "pip"), "install", "--quiet", *requirements], log, {})
    except BenchError as error:
        raise BenchError(f"could not be installed: {error}") from error
    stamp.write_text(wanted)
    return environment / "bin"
