"""Says what happens while stages run: when one begins or ends, a failed one's whole log, at the end one JSON object."""

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from ci.stages.plan import Plan, Stage
from ci.stages.runner import FAILED, NOT_NEEDED, PASSED, SKIPPED, Again, Ended

_LONGEST = 400_000  # bytes of a log that are shown; of a longer one its beginning and its end


class Report:
    """Progress of one run on stdout."""

    def __init__(self, plan: Plan, logs: Path, root: Path) -> None:
        self._begun = time.monotonic()
        self._logs = logs
        # Before anything runs, because a stage leaves it.
        self._found = {
            stage.name: (root / Path(stage.leaves).expanduser()).exists()
            for stage in plan.stages.values()
            if stage.leaves
        }

    def tell(self, event: Stage | Again | Ended) -> None:
        """A stage has begun, is tried again, or has ended."""
        if isinstance(event, Stage):
            self._say(f"{event.name} begins")
            return
        if isinstance(event, Again):
            self._show(self._whole(event.log))
            self._say(f"{event.stage.name} runs once more for what failed: {', '.join(event.tests)}")
            return
        text = event.result if not event.reason else f"{event.result}: {event.reason}"
        self._say(f"{event.stage.name} {text}" + (f" ({event.seconds:.0f} s)" if event.seconds else ""))
        if event.over_budget:
            self._say(f"{event.stage.name} took longer than its budget of {event.stage.budget:g} min")
        if event.result == FAILED:
            self._show(self._whole(self._log(event.stage)))
        elif event.result == PASSED:
            self._show(self._closing(event.stage))

    def summary(self, ended: Mapping[str, Ended]) -> dict[str, object]:
        """What is printed last and kept beside the logs."""
        stages = {name: _one(each, self._found.get(name)) for name, each in ended.items()}
        return {
            "succeeded": all(each.fine for each in ended.values()),
            "seconds": round(time.monotonic() - self._begun, 1),
            "sum_of_stages_seconds": round(sum(each.seconds for each in ended.values()), 1),
            "start": _start(self._found),
            "skipped": [name for name, each in ended.items() if each.result in (SKIPPED, NOT_NEEDED)],
            "unsteady": {name: list(each.unsteady) for name, each in ended.items() if each.unsteady},
            "over_budget": [name for name, each in ended.items() if each.over_budget],
            "stages": stages,
        }

    def _say(self, text: str) -> None:
        seconds = int(time.monotonic() - self._begun)
        sys.stdout.write(f"[{seconds // 60:2d}:{seconds % 60:02d}] {text}\n")
        sys.stdout.flush()

    def _show(self, text: str) -> None:
        """As the stage wrote it, since people and programs look for its words."""
        sys.stdout.write(text if not text or text.endswith("\n") else text + "\n")
        sys.stdout.flush()

    def _log(self, stage: Stage) -> Path:
        return self._logs / f"{stage.name}.log"

    def _whole(self, log: Path) -> str:
        content = log.read_bytes()
        if len(content) > _LONGEST:
            half = _LONGEST // 2
            left_out = f"\n... {len(content) - _LONGEST} bytes are left out, all of it is in the log ...\n"
            content = content[:half] + left_out.encode() + content[-half:]
        return content.decode(errors="replace")

    def _closing(self, stage: Stage) -> str:
        lines = self._log(stage).read_text(errors="replace").splitlines()
        filled = [line for line in lines if line.strip()]
        return "\n".join(filled[-stage.closing :]) if stage.closing else ""


def _one(ended: Ended, found: bool | None) -> dict[str, object]:  # noqa: FBT001 - a value of the table
    content: dict[str, object] = {
        "result": ended.result,
        "seconds": round(ended.seconds, 1),
        "processor_seconds": round(ended.processor_seconds, 1),
        "budget_seconds": round(ended.stage.budget * 60, 1),
    }
    if ended.reason:
        content["reason"] = ended.reason
    if found is not None:
        content["start"] = "warm" if found else "cold"
    return content


def _start(found: Mapping[str, bool]) -> str:
    """Whether the machine had what its preparations leave."""
    if all(found.values()):
        return "warm"
    return "partly warm" if any(found.values()) else "cold"


def write(summary: Mapping[str, object], path: Path) -> None:
    """One JSON object as the last line of stdout, and in a file."""
    text = json.dumps(summary)
    path.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
