"""What a person sees of a local start: progress on the standard error, the addresses on the standard output.

On a terminal the wait is one moving line, elsewhere every change is a plain line. It only shows; it decides nothing.
"""

import sys
from collections.abc import Callable, Sequence

from rich.console import Console as Terminal
from rich.live import Live
from rich.spinner import Spinner


class Console:
    """Shows one start. ``summary`` is asked for once everything is ready, with the seconds that took."""

    def __init__(self, summary: Callable[[float], str]) -> None:
        self._summary = summary
        self._terminal = Terminal(stderr=True, highlight=False)
        self._spinner = Spinner("dots")
        self._moving: Live | None = None

    def say(self, line: str) -> None:
        """One line that stays."""
        self._terminal.print(line, markup=False, soft_wrap=True)

    def service_ready(self, name: str, seconds: float) -> None:
        """A service answers for the first time, or again."""
        self.say(f"{name} is ready after {seconds:.1f} s")

    def waiting(self, names: Sequence[str], seconds: float) -> None:
        """The moving line: who is waited for, and how long already."""
        if not self._terminal.is_terminal:
            return
        if self._moving is None:
            # Drawn from the supervisor's own loop: a drawing thread would make its forks unsafe.
            self._moving = Live(console=self._terminal, auto_refresh=False, transient=True)
            self._moving.start()
        self._spinner.update(text=f"waiting for {', '.join(names)} ({seconds:.0f} s)")
        self._moving.update(self._spinner, refresh=True)

    def ready(self, seconds: float) -> None:
        """Everything answers: the summary."""
        self._end_moving_line()
        sys.stdout.write(self._summary(seconds))
        sys.stdout.flush()

    def stopping(self) -> None:
        """The end has begun."""
        self._end_moving_line()
        self.say("stopping")

    def failed(self, text: str, log_tail: Sequence[str]) -> None:
        """Why everything ended: the last lines of the log, then the reason."""
        for line in log_tail:
            self.say(f"  | {line}")
        self.say(text)

    def _end_moving_line(self) -> None:
        if self._moving:
            self._moving.stop()
            self._moving = None
