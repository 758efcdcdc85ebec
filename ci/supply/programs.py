"""The supply chain's own programs (cosign, crane, syft, helm): built from pinned sources when first needed.

It must not know what they are used for.
"""

import functools
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class SupplyError(Exception):
    """A step failed and what it would have written is not there; the message says what to do."""


@functools.cache
def program(name: str) -> Path:
    """Path of a program, built if need be.

    Raises:
        SupplyError: it cannot be built.
    """
    builder = ROOT / "ci" / ("cluster/tools" if name == "helm" else "supply/build")
    done = subprocess.run([builder, name], check=False, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own script
    if done.returncode:
        raise SupplyError(f"{name} could not be built; see above")
    return Path(done.stdout.strip()) / name


def run(
    name: str, *words: str | Path, environment: Mapping[str, str] | None = None, check: bool = True
) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end.

    Raises:
        SupplyError: it ended with an error, and `check` is set; with the end of what it said.
    """
    done = subprocess.run(  # noqa: S603 - a list of words, no shell
        [program(name), *words],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **(environment or {})},
    )
    if check and done.returncode:
        raise SupplyError(f"{name} {words[0]}: {_last(done.stderr)}")
    return done


def _last(said: str) -> str:
    errors = [line for line in said.splitlines() if line.startswith("Error:")]
    lines: Sequence[str] = errors or said.strip().splitlines()[-1:] or ["ended with an error"]
    return lines[0].removeprefix("Error: ")[:500]


def say(text: str) -> None:
    """Progress goes to stderr."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def write_whole(path: Path, text: str) -> None:
    """Replace a file at once, so that nobody reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
