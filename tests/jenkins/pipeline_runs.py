"""Runs of ci/Jenkinsfile by jenkins-pipeline-unit, and what became of each."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
JENKINSFILE = ROOT / "ci" / "Jenkinsfile"
# Groovy 2.4 of 2016 reads these by reflection, which Java allows since 17 only where it is told so.
OPENED = (
    "lang", "lang.invoke", "lang.reflect", "io", "net", "text",
    "util", "util.function", "util.concurrent", "util.regex", "util.stream",
)  # fmt: skip


@dataclass(frozen=True)
class Scenario:
    """How Jenkins starts the pipeline, and what goes wrong: `failing` are commands or steps, each with a reason."""

    branch: str = "main"
    version: str = "7"
    registry: str = "registry.example.com/team"
    failing: dict[str, str] = field(default_factory=dict)
    approval: str = "given"
    script: Path = JENKINSFILE

    def to_json(self, name: str) -> dict[str, Any]:
        return {
            "name": name,
            "script": str(self.script),
            "branch": self.branch,
            "environment": {"IMAGE_REGISTRY": self.registry} if self.registry else {},
            "parameters": {"MODEL_VERSION": self.version, "USECASE": "telecom"},
            "failing": self.failing,
            "approval": self.approval,
        }


@dataclass(frozen=True)
class Run:
    """Every step in its order; `ended` is the error that ended it."""

    events: Sequence[dict[str, Any]]
    ended: str | None
    description: str | None

    def steps(self, name: str) -> Iterator[dict[str, Any]]:
        return (event for event in self.events if event["step"] == name)

    @property
    def targets(self) -> list[str]:
        """The make targets in their order, without what clears up."""
        commands = [event["words"] for event in self.steps("sh") if event["stage"] != "Clean up"]
        return [command.removeprefix("make ") for command in commands]

    @property
    def said(self) -> str:
        """What people read."""
        return "\n".join([str(self.description), *(event["words"] for event in self.steps("echo"))])


def run_all(scenarios: dict[str, Scenario], folder: Path) -> dict[str, Run]:
    """All of them in one virtual machine."""
    wanted, found = folder / "scenarios.json", folder / "runs.json"
    wanted.write_text(json.dumps([each.to_json(name) for name, each in scenarios.items()]))
    jars = subprocess.run([ROOT / "ci/jenkins/jars"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    opened = [word for name in OPENED for word in ("--add-opens", f"java.base/java.{name}=ALL-UNNAMED")]
    command = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", *opened, "-cp", jars, "groovy.ui.GroovyMain"]
    script = str(Path(__file__).with_name("Scenarios.groovy"))
    subprocess.run([*command, script, str(wanted), str(found)], check=True)
    return {run["name"]: Run(run["events"], run["ended"], run["description"]) for run in json.loads(found.read_text())}
