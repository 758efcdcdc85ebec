"""The installed chart, driven by helm as people drive it. It knows no Kubernetes objects."""

import subprocess
from pathlib import Path

from tests.e2e.commands import ROOT, run, succeed, tool

CHART = ROOT / "charts" / "churn"
VALUES = Path(__file__).with_name("values.yaml")


class Release:
    """One release; `settings` are words for ``--set-string`` or ``--set``, in helm's own grammar."""

    def __init__(self, name: str, namespace: str) -> None:
        self.name = name
        self.namespace = namespace

    def install(self) -> None:
        """Install; returns when helm does, which is before everything is ready."""
        succeed(self._command("install", self.name, str(CHART), "--values", str(VALUES)), 240)

    def upgrade(self, *settings: str) -> int:
        """Change values and keep all others; returns the new revision."""
        ended = self.try_upgrade(*settings)
        assert ended.returncode == 0, ended.stderr
        return self.revision()

    def try_upgrade(self, *settings: str) -> subprocess.CompletedProcess[str]:
        """As :meth:`upgrade`, for settings that may be refused."""
        words = [word for setting in settings for word in ("--set", setting)]
        return run(self._command("upgrade", self.name, str(CHART), "--reuse-values", *words), 240)

    def rollback(self, revision: int) -> None:
        """Return to an earlier revision."""
        succeed(self._command("rollback", self.name, str(revision)), 240)

    def revision(self) -> int:
        """The number of the deployed revision."""
        lines = succeed(self._command("history", self.name, "--max", "1"), 30).splitlines()
        return int(lines[-1].split()[0])

    def test(self) -> str:
        """Run ``helm test`` and return what it printed."""
        return succeed(self._command("test", self.name, "--logs", "--timeout", "3m"), 240)

    def dry_run(self, *settings: str) -> subprocess.CompletedProcess[str]:
        """Ask the server what an installation with these settings would do."""
        words = [word for setting in settings for word in ("--set", setting)]
        return run(self._command("install", "other", str(CHART), "--dry-run=server", *words), 60)

    def _command(self, *words: str) -> list[str]:
        return [tool("helm"), *words, "--namespace", self.namespace]
