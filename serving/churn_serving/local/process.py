"""One service as a process: started, watched from outside, and counted when it ends early.

It holds the facts of one process and the rule of the back-off. When to start, what to say and when to give up is the
supervisor's.
"""

import os
import signal
import subprocess
import time
from dataclasses import dataclass

from churn_serving.local.guard import Guard
from churn_serving.local.processes import MARKER_VARIABLE, signal_group
from churn_serving.local.services import ServiceSpec
from churn_serving.local.state import LocalState


@dataclass(frozen=True)
class RestartRule:
    """When an ended service starts again. It counts as ended early if it never was ready or lived less than
    ``early_seconds``; after ``early_ends`` of those in a row there is no point in going on."""

    first_delay: float = 0.5
    longest_delay: float = 10.0
    early_seconds: float = 5.0
    early_ends: int = 5


class Service:
    """A service and, while it runs, its process; each process leads a group of its own."""

    def __init__(self, spec: ServiceSpec, rule: RestartRule) -> None:
        self.spec = spec
        self.is_ready = False
        self.early_ends = 0
        self.start_at = 0.0
        self.started_at = 0.0
        self._rule = rule
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        """The service's name, also that of its log."""
        return self.spec.name

    @property
    def pid(self) -> int | None:
        """Process id, which is also the id of its group; None while it waits to be started."""
        return self._process.pid if self._process else None

    @property
    def is_beyond_help(self) -> bool:
        """Whether it ended early as often as the rule allows."""
        return self.early_ends >= self._rule.early_ends

    def start(self, guard: Guard, state: LocalState, marker: str) -> None:
        """Start the process, under guard from its first moment, its output in its log."""

        def before_it_becomes_the_service() -> None:
            guard.enlist_self()
            os.nice(self.spec.niceness)

        with state.log_file(self.name).open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - commands come from this package
                self.spec.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | self.spec.environment | {MARKER_VARIABLE: marker, "PYTHONUNBUFFERED": "1"},
                start_new_session=True,
                preexec_fn=before_it_becomes_the_service,  # noqa: PLW1509 - the supervisor has one thread
            )
        self.started_at = time.monotonic()

    def exit_code(self) -> int | None:
        """How the process ended (negative: by which signal); None while it runs."""
        return self._process.poll() if self._process else None

    def bury(self, guard: Guard) -> None:
        """After the process has ended: kill what it left in its group, and forget it."""
        if self._process:
            signal_group(self._process.pid, signal.SIGKILL)
            self._process.wait()
            guard.forget(self._process.pid)
        self._process = None

    def schedule_restart(self) -> float:
        """Count this end, decide when to start again, and return the seconds until then."""
        early = not self.is_ready or time.monotonic() - self.started_at < self._rule.early_seconds
        self.early_ends = self.early_ends + 1 if early else 0
        delay = min(self._rule.first_delay * 2.0 ** max(0, self.early_ends - 1), self._rule.longest_delay)
        self.is_ready = False
        self.start_at = time.monotonic() + delay
        return delay


def ending_in_words(code: int) -> str:
    """How a process ended, for people."""
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
