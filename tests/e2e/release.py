"""The installed chart, driven by helm as people drive it. It knows no Kubernetes objects."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.commands import ROOT, run, succeed, tool

CHART = ROOT / "charts" / "churn"
PRESET = CHART / "presets" / "small.yaml"
VALUES = Path(__file__).with_name("values.yaml")
HELM_SECONDS = 360
"""More than the five minutes after which helm itself gives up and says why."""


@dataclass(frozen=True)
class Installed:
    """When `helm install` had returned: pods that were not ready, restarts by pod, what `helm test` said."""

    helm_test: str
    unready: list[str]
    restarts: dict[str, int]


class Release:
    """One release; `settings` are words for ``--set-string`` or ``--set``, in helm's own grammar."""

    def __init__(self, name: str, namespace: str) -> None:
        self.name = name
        self.namespace = namespace
        self.when_installed: Installed | None = None

    def install(self) -> None:
        """Install; returns when helm does, which is when the primary answers."""
        ended = self.try_install()
        assert ended.returncode == 0, ended.stderr

    def try_install(self, *settings: str, preset: bool = True) -> subprocess.CompletedProcess[str]:
        """As :meth:`install`, for settings that may be refused; without the preset the chart's defaults."""
        files = ["--values", str(PRESET), "--values", str(VALUES)] if preset else []
        words = [word for setting in settings for word in ("--set", setting)]
        return run(self._command("install", self.name, str(CHART), *files, *words), HELM_SECONDS)

    def uninstall(self) -> None:
        """Remove it, and wait until it is gone."""
        run(self._command("uninstall", self.name, "--wait", "--timeout", "4m"), HELM_SECONDS)

    def upgrade(self, *settings: str) -> int:
        """Change values and keep all others; returns the new revision."""
        ended = self.try_upgrade(*settings)
        assert ended.returncode == 0, ended.stderr
        return self.revision()

    def upgrade_by(self, values: Path, *settings: str) -> None:
        """As :meth:`upgrade`, with a file of values before the settings."""
        words = [word for setting in settings for word in ("--set", setting)]
        command = self._command("upgrade", self.name, str(CHART), "--reuse-values", "--values", str(values), *words)
        succeed(command, HELM_SECONDS)

    def upgrade_to(self, chart: Path, values: Path, *words: str) -> None:
        """Another chart with these values and no others."""
        succeed(
            self._command("upgrade", self.name, str(chart), "--reset-values", "--values", str(values), *words),
            HELM_SECONDS,
        )

    def values(self) -> dict[str, Any]:
        """What was given at the last installation or upgrade."""
        given: dict[str, Any] = yaml.safe_load(
            succeed(self._command("get", "values", self.name, "--output", "yaml"), 30)
        )
        return given

    def try_upgrade(self, *settings: str) -> subprocess.CompletedProcess[str]:
        """As :meth:`upgrade`, for settings that may be refused."""
        words = [word for setting in settings for word in ("--set", setting)]
        return run(self._command("upgrade", self.name, str(CHART), "--reuse-values", *words), HELM_SECONDS)

    def rollback(self, revision: int) -> None:
        """Return to an earlier revision."""
        succeed(self._command("rollback", self.name, str(revision)), HELM_SECONDS)

    def revision(self) -> int:
        """The number of the deployed revision."""
        lines = succeed(self._command("history", self.name, "--max", "1"), 30).splitlines()
        return int(lines[-1].split()[0])

    def test(self) -> str:
        """Run ``helm test`` and return what it printed."""
        ended = self.try_test()
        assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
        return ended.stdout

    def try_test(self) -> subprocess.CompletedProcess[str]:
        """As :meth:`test`, also when it may fail."""
        return run(self._command("test", self.name, "--logs", "--timeout", "3m"), HELM_SECONDS)

    def dry_run(self, *settings: str) -> subprocess.CompletedProcess[str]:
        """Ask the server what an installation with these settings would do."""
        words = [word for setting in settings for word in ("--set", setting)]
        return run(self._command("install", "other", str(CHART), "--dry-run=server", *words), 60)

    def _command(self, *words: str) -> list[str]:
        return [tool("helm"), *words, "--namespace", self.namespace]
