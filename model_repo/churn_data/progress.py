"""Progress on stderr: bars where a person watches, plain lines elsewhere, so stdout stays free for results."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)

QUIET_SECONDS = 60.0
"""Whoever does not see the bar hears of a step after so long a silence."""


def few(lines: Sequence[str], most: int) -> list[str]:
    """The lines, or where they are more than `most` the first of them and one that counts the others."""
    if len(lines) <= most:
        return list(lines)
    return [
        *lines[: most - 1],
        f"{len(lines) - most + 1} more such lines: --verbose tells them, and so does the report",
    ]


class Reporter:
    """Tells how far a run is. One bar: `total` steps, each with a sentence of what is going on now.

    One that is not `verbose` leaves lines to what matters: where nobody sees the bar it tells a step only after a
    minute of silence, and it keeps details to itself.
    """

    def __init__(self, bar: Progress, total: float | None, *, verbose: bool = True) -> None:
        self._bar, self._verbose = bar, verbose
        self._task = bar.add_task("", total=total)
        self._told = time.monotonic()

    def now(self, sentence: str) -> None:
        """Say what goes on."""
        self._bar.update(self._task, description=sentence)
        if self._bar.console.is_terminal:
            return
        if self._verbose or time.monotonic() - self._told >= QUIET_SECONDS:
            self.note(sentence)

    def advance(self, steps: float = 1) -> None:
        """Count steps as done."""
        self._bar.advance(self._task, steps)

    def expect_more(self, steps: float) -> None:
        """Steps that were not known of in the beginning."""
        total = self._bar.tasks[0].total
        if total is not None:
            self._bar.update(self._task, total=total + steps)

    def note(self, line: str) -> None:
        """Print a line that stays."""
        self._told = time.monotonic()
        self._bar.console.print(line, highlight=False, markup=False, soft_wrap=True)

    def notes(self, lines: Sequence[str], most: int) -> None:
        """Print lines that stay, no more than `most` where details are not wanted; the last then counts the others."""
        for line in lines if self._verbose else few(lines, most):
            self.note(line)

    def detail(self, line: str) -> None:
        """Print a line that stays, for whoever wants to know everything."""
        if self._verbose:
            self.note(line)


class ByteCounter:
    """Tells how much of a file has come."""

    def __init__(self, bar: Progress, sentence: str) -> None:
        self._bar, self._sentence = bar, sentence
        self._task = bar.add_task(sentence, total=None)

    def expect(self, size: int) -> None:
        """Say how many bytes there will be."""
        self._bar.update(self._task, total=size)
        if not self._bar.console.is_terminal:
            line = f"{self._sentence} ({decimal(size)})"
            self._bar.console.print(line, highlight=False, markup=False, soft_wrap=True)

    def advance(self, count: int) -> None:
        """Count bytes that have come."""
        self._bar.advance(self._task, count)


@contextmanager
def counting_bytes(sentence: str) -> Iterator[ByteCounter]:
    """A counter whose bar ends with the block."""
    console = Console(file=sys.stderr)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield ByteCounter(bar, sentence)


@contextmanager
def reporting(total: float | None = None, *, verbose: bool = True) -> Iterator[Reporter]:
    """A reporter whose bar ends with the block; without a total it shows that something moves."""
    console = Console(file=sys.stderr)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield Reporter(bar, total, verbose=verbose)
