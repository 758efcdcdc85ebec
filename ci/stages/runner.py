"""Runs stages as soon as what they need is there, each with its output in a file of its own."""

import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

from ci.stages import environment, unsteady
from ci.stages.plan import Plan, Stage
from ci.stages.stamps import Stamps

PASSED, FAILED, SKIPPED, NOT_RUN, NOT_NEEDED = "passed", "failed", "skipped", "not run", "not needed"
_FINE = {PASSED, SKIPPED, NOT_NEEDED}
_LOOK_SECONDS = 0.1
_END_SECONDS = 60.0
_BASH = ["bash", "-euo", "pipefail", "-c"]
# Linux shares a processor among sessions first (sched(7), autogroup), and a stage is a session: its own niceness alone
# would count for nothing beside the others.
_GIVING_WAY = ["bash", "-c", 'echo 19 2>/dev/null >/proc/self/autogroup || true; exec nice -n 19 "$@"', "background"]


@dataclass(frozen=True)
class Ended:
    """How a stage ended; seconds are 0 if it did not run, those of processors are of all that it has awaited.

    Unsteady are tests that failed at the first try, which is part of both times.
    """

    stage: Stage
    result: str
    seconds: float = 0.0
    reason: str = ""
    processor_seconds: float = 0.0
    unsteady: tuple[str, ...] = ()

    @property
    def fine(self) -> bool:
        """Whether what needs this stage may run, and the whole may succeed."""
        return self.result in _FINE

    @property
    def over_budget(self) -> bool:
        """Whether it took longer than its plan says."""
        return self.seconds > self.stage.budget * 60


@dataclass(frozen=True)
class Again:
    """A stage that failed for some tests, which now run once more; its first log lies beside that of the new try."""

    stage: Stage
    tests: tuple[str, ...]
    log: Path


@dataclass
class _Running:
    stage: Stage
    process: "subprocess.Popen[bytes]"
    begun: float
    digest: str
    unsteady: tuple[str, ...] = ()
    spent: float = 0.0  # of processors, at the first try


class Runner:
    """One run of a plan."""

    def __init__(
        self, plan: Plan, root: Path, stamps: Stamps, logs: Path, report: Callable[[Stage | Again | Ended], None]
    ) -> None:
        self._plan = plan
        self._root = root
        self._stamps = stamps
        self._logs = logs
        self._report = report
        self._running: dict[str, _Running] = {}
        self._ended: dict[str, Ended] = {}
        self._stopped = ""
        self._to_clear: list[Stage] = []

    def log(self, stage: Stage) -> Path:
        """Where a stage's output is."""
        return self._logs / f"{stage.name}.log"

    def run(self, *, fresh: bool) -> Mapping[str, Ended]:
        """Run the plan to its end; with fresh, nothing is skipped. A signal or the plan's limit ends what runs."""
        shutil.rmtree(self._logs, ignore_errors=True)
        self._logs.mkdir(parents=True)
        former = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}
        deadline = time.monotonic() + self._plan.limit * 60
        try:
            if not fresh:
                self._leave_out()
            while len(self._ended) < len(self._plan.stages):
                if time.monotonic() > deadline:
                    self._stopped = self._stopped or f"the limit of {self._plan.limit:g} minutes is over"
                self._start_what_can()
                time.sleep(_LOOK_SECONDS)
                self._collect()
            self._clear_up()
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)
        return {name: self._ended[name] for name in self._plan.stages}

    def _stop(self, number: int, _: FrameType | None) -> None:
        self._stopped = f"ended by {signal.Signals(number).name}"

    def _leave_out(self) -> None:
        """Proofs that hold, and preparations that nobody needs then."""
        for stage in self._plan.stages.values():
            if stage.proves and self._stamps.holds(stage, self._stamps.digest(stage)):
                self._end(Ended(stage, SKIPPED, reason="nothing has changed since it succeeded on this machine"))
        proofs = [each for each in self._plan.stages.values() if each.proves]
        open_ = [each for each in proofs if each.name not in self._ended]
        needed = {behind.name for each in open_ for behind in self._plan.behind(each)}
        wanted = {behind.name for each in proofs for behind in self._plan.behind(each)}
        for name in self._plan.stages:
            if name in wanted - needed and name not in self._ended:
                self._end(Ended(self._plan.stages[name], NOT_NEEDED, reason="what needs it is skipped"))

    def _start_what_can(self) -> None:
        for stage in self._plan.stages.values():
            if stage.name in self._ended or stage.name in self._running:
                continue
            # All the way down: one that is skipped has not waited for what it needs.
            behind = {each.name: self._ended.get(each.name) for each in self._plan.behind(stage)}
            failed = [name for name, each in behind.items() if each and not each.fine]
            if self._stopped or failed:
                self._end(Ended(stage, NOT_RUN, reason=self._stopped or f"{', '.join(failed)} did not succeed"))
            elif all(behind.values()) and not self._must_wait(stage) and self._has_room(stage):
                self._start(stage)

    def _must_wait(self, stage: Stage) -> bool:
        """Whether one that goes first is in this run and has not ended."""
        return any(name in self._plan.stages and name not in self._ended for name in stage.after)

    def _has_room(self, stage: Stage) -> bool:
        """What must be alone waits for all others, so that nothing begins beside it."""
        if any(each.stage.alone for each in self._running.values()):
            return False
        others = [each for each in self._plan.stages.values() if not each.alone and each.name not in self._ended]
        return not stage.alone or (
            not self._running and not [each for each in others if not self._waits_for_alone(each)]
        )

    def _waits_for_alone(self, stage: Stage) -> bool:
        return any(each.alone and each.name not in self._ended for each in self._plan.behind(stage))

    def _start(self, stage: Stage) -> None:
        self._stamps.forget(stage)
        digest = self._stamps.digest(stage) if stage.proves else ""
        self._running[stage.name] = _Running(stage, self._process(stage, again=False), time.monotonic(), digest)
        if stage.afterwards:
            self._to_clear.append(stage)
        self._report(stage)

    def _process(self, stage: Stage, *, again: bool) -> "subprocess.Popen[bytes]":
        words = [*(_GIVING_WAY if stage.background else []), *_BASH, stage.command]
        tries = {"PYTEST_ADDOPTS": unsteady.options(self._memory(stage), again=again)}
        # What is slow to make and only read; nobody waits for what gives way to all others.
        tries["TESTS_SHARED_FOLDER"] = str(self._logs.absolute() / ("behind" if stage.background else "shared"))
        return self._begun(stage, words, tries | ({"STAGE_AGAIN": "1"} if again else {}))

    def _begun(self, stage: Stage, words: list[str], more: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        """A process of a stage, in a session of its own, which goes on in the stage's log; with more variables."""
        with self.log(stage).open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - the words of ci/stages.toml
                words,
                cwd=self._root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**environment.of_a_stage(), **more},
                start_new_session=True,
            )

    def _memory(self, stage: Stage) -> Path:
        return self._logs / "memory" / stage.name

    def _collect(self) -> None:
        for name, each in list(self._running.items()):
            before = _processor_seconds()
            if self._stopped:
                _end_group(each.process)
            status = each.process.poll()
            if status is None:
                continue
            del self._running[name]
            seconds, spent = time.monotonic() - each.begun, each.spent + _processor_seconds() - before
            if status and not self._stopped and self._is_tried_again(each, spent):
                continue
            ended = Ended(each.stage, PASSED, seconds, processor_seconds=spent, unsteady=each.unsteady)
            if status or self._stopped:
                ended = replace(ended, result=FAILED, reason=self._stopped or f"exit code {status}")
            elif each.unsteady:
                ended = replace(ended, reason="at the second try, so it is not skipped next time")
            elif each.stage.proves and not self._stamps.keep(each.stage, each.digest):
                ended = replace(ended, reason="its inputs changed meanwhile, so it is not skipped next time")
            self._end(ended)

    def _is_tried_again(self, ended: _Running, spent: float) -> bool:
        """Start the tests that failed once more, if they are few and this was the first try."""
        tests = unsteady.failed(self._memory(ended.stage))
        if ended.unsteady or not ended.stage.proves or not 0 < len(tests) <= unsteady.MOST:
            return False
        kept = self.log(ended.stage).rename(self._logs / f"{ended.stage.name}.first.log")
        process = self._process(ended.stage, again=True)
        self._running[ended.stage.name] = replace(ended, process=process, unsteady=tests, spent=spent)
        self._report(Again(ended.stage, tests, kept))
        return True

    def _clear_up(self) -> None:
        """What stages left for others; who cannot clear up has failed, whatever it proved."""
        for stage in reversed(self._to_clear):
            status = self._begun(stage, [*_BASH, stage.afterwards], {}).wait()
            ended = self._ended[stage.name]
            if status and ended.fine:
                reason = f"clearing up afterwards ended with exit code {status}"
                self._stamps.forget(stage)
                self._end(replace(ended, result=FAILED, reason=reason))

    def _end(self, ended: Ended) -> None:
        self._ended[ended.stage.name] = ended
        self._report(ended)


def _processor_seconds() -> float:
    """Of all children that have been awaited: it grows when one has ended, by what that one has spent."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _end_group(process: "subprocess.Popen[bytes]") -> None:
    """Ask a stage and all it started to end, as Ctrl-C would, so that it can clear up; then kill them."""
    for number, seconds in ((signal.SIGINT, _END_SECONDS), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        if process.poll() is not None:
            return
        os.killpg(process.pid, number)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
