"""Starts the services, keeps them running, and ends all of them together.

One loop in one thread: processes are forked here, which threads would make unsafe. It knows services only as commands
with a readiness address; what they are is said in `services`.
"""

import datetime
import signal
import time
import uuid
from collections.abc import Sequence
from types import FrameType

from churn_serving.local.console import Console
from churn_serving.local.errors import ServiceError, ServiceFailed, ServiceRefused
from churn_serving.local.guard import Guard
from churn_serving.local.process import RestartRule, Service, ending_in_words
from churn_serving.local.processes import end_groups
from churn_serving.local.readiness import is_ready
from churn_serving.local.services import ServiceSpec
from churn_serving.local.state import LocalState

_TICK_SECONDS = 0.1
_LOG_TAIL_LINES = 15
# How long what is not vital may hold up the word that everything else answers.
_PATIENCE_SECONDS = 20.0
# By the convention of this project a process that is given bad input ends with 2.
_REFUSED = 2
INTERRUPTED = 130


class Supervisor:
    """Runs services from start to end; :meth:`run` returns when all of them have ended."""

    def __init__(
        self,
        specs: Sequence[ServiceSpec],
        state: LocalState,
        console: Console,
        ready_timeout: float,
        rule: RestartRule | None = None,
        patience: float = _PATIENCE_SECONDS,
    ) -> None:
        """``ready_timeout`` and ``patience`` (with what is not vital) are in seconds; without a ``rule`` the usual
        back-off holds."""
        self._services = [Service(spec, rule or RestartRule()) for spec in specs]
        self._state = state
        self._console = console
        self._ready_timeout = ready_timeout
        self._patience = patience
        self._marker = uuid.uuid4().hex
        self._signals: list[int] = []
        self._ready_after: float | None = None
        self._vital_after: float | None = None
        self._begun = time.monotonic()
        self._begun_at = datetime.datetime.now(datetime.UTC)

    def run(self) -> int:
        """Start everything, stay until a signal, end everything.

        Returns:
            The exit code: 130 after Ctrl-C, 0 after SIGTERM or a closed terminal.

        Raises:
            ServiceError: a service cannot be kept alive; it was said why, and the others have been ended.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._remember)
        guard = Guard(self._state.up_file, self._marker, self._state.lock)
        try:
            for service in self._services:
                self._state.keep_old_log(service.name)
            self._watch(guard)
        except ServiceError as error:
            self._console.failed(str(error), error.log_tail)
            raise
        finally:
            self._end_all(guard)
        return INTERRUPTED if self._signals[0] == signal.SIGINT else 0

    def _remember(self, number: int, _frame: FrameType | None) -> None:
        self._signals.append(number)

    def _watch(self, guard: Guard) -> None:
        while not self._signals:
            for service in self._services:
                self._look_after(service, guard)
            if not guard.is_alive:
                raise ServiceFailed("the guard was ended from outside; without it a crash would leave processes behind")
            if self._ready_after is None:
                self._check_start()
            time.sleep(_TICK_SECONDS)

    def _look_after(self, service: Service, guard: Guard) -> None:
        code = service.exit_code()
        if code is not None:
            self._ended(service, code, guard)
        elif service.pid is None and time.monotonic() >= service.start_at:
            service.start(guard, self._state, self._marker)
        elif service.pid is not None and not service.is_ready and is_ready(service.spec.ready_url):
            service.is_ready = True
            self._console.service_ready(service.name, time.monotonic() - service.started_at)
            self._write_up()

    def _ended(self, service: Service, code: int, guard: Guard) -> None:
        service.bury(guard)
        how = f"{service.name} {ending_in_words(code)}"
        if code == _REFUSED and self._ready_after is None and service.spec.vital:
            raise ServiceRefused(how, self._state.log_tail(service.name, _LOG_TAIL_LINES))
        delay = service.schedule_restart()
        if service.is_beyond_help and service.spec.vital:
            how += f", {service.early_ends} times in a row just after its start"
            raise ServiceFailed(how, self._state.log_tail(service.name, _LOG_TAIL_LINES))
        self._console.say(f"{how}; starting it again in {delay:g} s (log: {self._state.log_file(service.name)})")

    def _check_start(self) -> None:
        passed = time.monotonic() - self._begun
        missing = [service for service in self._services if not service.is_ready]
        vital = [service.name for service in missing if service.spec.vital]
        if not vital and self._vital_after is None:
            self._vital_after = passed
        if not missing or (self._vital_after is not None and passed - self._vital_after > self._patience):
            self._ready_after = passed
            self._write_up()
            self._console.ready(passed)
            for service in missing:
                log = self._state.log_file(service.name)
                self._console.say(f"{service.name} is not ready yet; the others do without it (log: {log})")
            return
        self._console.waiting([service.name for service in missing], passed)
        if vital and passed > self._ready_timeout:
            tail = self._state.log_tail(vital[0], _LOG_TAIL_LINES)
            how = f"{' and '.join(vital)} not ready after {passed:.0f} s"
            raise ServiceFailed(f"{how} (log: {self._state.log_file(vital[0])}; --ready-timeout waits longer)", tail)

    def _write_up(self) -> None:
        """Say in `up.json` what runs: once everything is ready, and again whenever a process was replaced."""
        if self._ready_after is None:
            return
        self._state.write_up(
            {
                "ready": all(service.is_ready for service in self._services if service.spec.vital),
                "started": self._begun_at.isoformat(timespec="milliseconds"),
                "seconds_to_ready": round(self._ready_after, 3),
                "processes": {
                    service.name: {"pid": service.pid, "port": service.spec.port} for service in self._services
                },
            }
        )

    def _end_all(self, guard: Guard) -> None:
        """Everything started is gone when this returns. A second signal while it waits kills at once."""
        self._console.stopping()
        before = len(self._signals)
        groups = [service.pid for service in self._services if service.pid is not None]
        end_groups(groups, self._marker, hurry=lambda: len(self._signals) > max(before, 1))
        for service in self._services:
            service.bury(guard)
        guard.close()
