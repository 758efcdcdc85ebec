"""Worlds one after the other within a budget of time, each kept as it is finished: what was stopped goes on.

It must not print or draw.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from churn_campaigns.policy_simulation.kept import Kept
from churn_campaigns.policy_simulation.study import PolicyResult, Scenario, SeedResult, Study, simulate_once

FIRST_SEED = 5_000
"""Of the worlds that are reported; what is developed is tried on seeds below 2,000."""


class Worlds:
    """Finished worlds.

    Args:
        folder: where `worlds.jsonl` is kept (None: nowhere).
    """

    def __init__(self, folder: Path | None) -> None:
        self._kept = Kept(None if folder is None else folder / "worlds.jsonl")

    def of(self, scenario: Scenario, seed: int) -> SeedResult | None:
        """A world that is finished."""
        key = _key(scenario, seed)
        return _taken(self._kept.of(key)) if key in self._kept else None

    def add(self, scenario: Scenario, result: SeedResult) -> None:
        """Keep a world."""
        self._kept.add(_key(scenario, result.seed), asdict(result))


def _key(scenario: Scenario, seed: int) -> str:
    return f"{scenario.key} {seed}"


def _taken(kept: Mapping[str, Any]) -> SeedResult:
    results = {policy: PolicyResult(**result) for policy, result in kept["results"].items()}
    built = {"results": results, "trial": PolicyResult(**kept["trial"]), "proven": tuple(kept["proven"])}
    return SeedResult(**{**kept, **built})


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


def _turns(counts: Sequence[int]) -> Iterable[tuple[int, int]]:
    return ((number, place) for number in range(max(counts, default=0)) for place, n in enumerate(counts) if number < n)
