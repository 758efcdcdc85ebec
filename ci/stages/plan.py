"""Reads ``ci/stages.toml``: which stages there are, what each needs and how long it may take."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any


class BadPlan(Exception):
    """The file does not say what a plan must say; the message names the stage and the key."""


@dataclass(frozen=True)
class Stage:
    """One command and everything that its result depends on.

    Attributes:
        command: words for bash, run in the repository's root.
        needs: stages that must have succeeded before.
        after: stages that go first where they run too, whatever comes of them: this one can wait.
        inputs: globs of the files that it reads, relative to the root; ``**`` is any depth, ``!`` in front takes out.
        tools: commands whose output says which tools it uses.
        budget: minutes that it should stay below.
        proves: whether it may be skipped when nothing changed; else it prepares something and finds out by itself.
        alone: nothing else runs beside it, since it measures time or fills the machine.
        background: it gives way to the others.
        leaves: path that is there once it has succeeded on a machine, by which a cold start is told.
        closing: how many lines at the end of its log are shown when it succeeds.
        afterwards: command that clears up what it leaves to others; run once all stages have ended, however they did.
    """

    name: str
    command: str
    budget: float
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    proves: bool = False
    alone: bool = False
    background: bool = False
    leaves: str = ""
    closing: int = 1
    afterwards: str = ""


@dataclass(frozen=True)
class Plan:
    """All stages, each behind what it needs."""

    stages: Mapping[str, Stage]
    limit: float  # minutes after which everything still running is ended
    environment: tuple[str, ...] = field(default=())  # beginnings of variables that change what stages do

    def behind(self, stage: Stage) -> Iterator[Stage]:
        """The stages that it needs, those that they need, and so on."""
        for name in stage.needs:
            yield self.stages[name]
            yield from self.behind(self.stages[name])


def load(path: Path) -> Plan:
    """Read and check a plan.

    Raises:
        BadPlan: something is missing, misspelt or needs itself.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadPlan(f"{path}: {error}") from error
    unknown = set(content) - {"stage", "limit", "environment"}
    if unknown or not content.get("stage"):
        raise BadPlan(
            f"{path}: there must be stages, and besides them only limit and environment, not {sorted(unknown)}"
        )
    stages = {name: _stage(name, body) for name, body in content["stage"].items()}
    return Plan(_ordered(stages), float(content.get("limit", 85)), tuple(content.get("environment", ())))


def _stage(name: str, body: Mapping[str, Any]) -> Stage:
    known = {each.name for each in fields(Stage)} - {"name"}
    if unknown := sorted(set(body) - known):
        raise BadPlan(f"stage {name}: {', '.join(unknown)} is not known; there are {', '.join(sorted(known))}")
    if missing := sorted({"command", "budget"} - set(body)):
        raise BadPlan(f"stage {name}: {', '.join(missing)} is missing")
    if body.get("proves") and not body.get("inputs"):
        raise BadPlan(f"stage {name}: without inputs nobody can tell whether it may be skipped")
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in body.items()}
    return Stage(name, **values)


def _ordered(stages: Mapping[str, Stage]) -> dict[str, Stage]:
    """Every stage behind what it needs, otherwise in the order of the file."""
    done: dict[str, Stage] = {}

    def add(stage: Stage, way: tuple[str, ...]) -> None:
        if stage.name in way:
            raise BadPlan(f"stage {stage.name} needs itself: {' → '.join([*way, stage.name])}")
        for name in (*stage.needs, *stage.after):
            if name not in stages:
                raise BadPlan(f"stage {stage.name} needs {name}, which is no stage")
            add(stages[name], (*way, stage.name))
        done.setdefault(stage.name, stage)

    for stage in stages.values():
        add(stage, ())
    return done
