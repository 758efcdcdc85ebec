"""Progress on stderr: bars where a person watches, plain lines elsewhere, so stdout stays free for results."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


class Reporter:
    """Tells how far a run is. One bar: `total` steps, each with a sentence of what is going on now."""

    def __init__(self, bar: Progress, total: float | None) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=total)

    def now(self, sentence: str) -> None:
        """Say what goes on."""
        self._bar.update(self._task, description=sentence)
        if not self._bar.console.is_terminal:
            self._bar.console.print(sentence, highlight=False, markup=False, soft_wrap=True)

    def advance(self, steps: float = 1) -> None:
        """Count steps as done."""
        self._bar.advance(self._task, steps)

    def note(self, line: str) -> None:
        """Print a line that stays."""
        self._bar.console.print(line, highlight=False, markup=False, soft_wrap=True)


@contextmanager
def reporting(total: float | None = None) -> Iterator[Reporter]:
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
        yield Reporter(bar, total)
