"""Worlds one after the other within a budget of time, each kept as it is finished: what was stopped goes on.

A kept world counts only for the code and the assumptions that it was simulated with. It must not print or draw.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import churn_campaigns
from churn_campaigns.policy_simulation.study import PolicyResult, Scenario, SeedResult, Study, simulate_once

FIRST_SEED = 5_000
"""Of the worlds that are reported; what is developed is tried on seeds below 2,000."""

Key = tuple[str, int]


class Worlds:
    """Finished worlds, in a file with one JSON object a line where a folder is given.

    Args:
        folder: where `worlds.jsonl` is kept (None: nowhere).
    """

    def __init__(self, folder: Path | None) -> None:
        self._path = None if folder is None else folder / "worlds.jsonl"
        self._code = code_digest()
        self._known: dict[Key, SeedResult] = {}
        if self._path is not None and self._path.exists():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                self._take(json.loads(line))

    def of(self, scenario: Scenario, seed: int) -> SeedResult | None:
        """A world that is finished."""
        return self._known.get((scenario.key, seed))

    def add(self, scenario: Scenario, result: SeedResult) -> None:
        """Keep a world."""
        self._known[scenario.key, result.seed] = result
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            line = json.dumps({"code": self._code, "scenario": scenario.key, **asdict(result)})
            with self._path.open("a", encoding="utf-8") as stream:
                stream.write(line + "\n")

    def _take(self, kept: dict[str, Any]) -> None:
        if kept.pop("code") == self._code:
            name = kept.pop("scenario")
            results = {policy: PolicyResult(**result) for policy, result in kept.pop("results").items()}
            trial, proven = PolicyResult(**kept.pop("trial")), tuple(kept.pop("proven"))
            self._known[name, kept["seed"]] = SeedResult(results=results, trial=trial, proven=proven, **kept)


def run_studies(
    scenarios: Sequence[Scenario],
    counts: Sequence[int],
    worlds: Worlds,
    seconds: float = float("inf"),
    done: Callable[[], None] = lambda: None,
) -> list[Study]:
    """Each scenario on seeds :data:`FIRST_SEED`, …, world by world in turn, so that every scenario has as many as the
    time allows; those without any are left out.

    Args:
        scenarios: kinds of worlds.
        counts: how many worlds of each.
        worlds: those finished before, and where new ones are kept.
        seconds: after which no new world begins.
        done: called after each world.
    """
    end = time.monotonic() + seconds
    found: list[list[SeedResult]] = [[] for _ in scenarios]
    for number, place in _turns(counts):
        scenario, seed = scenarios[place], FIRST_SEED + number
        result = worlds.of(scenario, seed)
        if result is None and time.monotonic() < end:
            result = simulate_once(scenario, seed)
            worlds.add(scenario, result)
        if result is not None:
            found[place].append(result)
        done()
    return [Study(scenario, tuple(seeds)) for scenario, seeds in zip(scenarios, found, strict=True) if seeds]


def code_digest() -> str:
    """Of everything that decides about a simulated world."""
    folder = Path(churn_campaigns.__path__[0])
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _turns(counts: Sequence[int]) -> Iterable[tuple[int, int]]:
    return ((number, place) for number in range(max(counts, default=0)) for place, n in enumerate(counts) if number < n)
