"""Programs beside the cluster's API that people use too: helm, kubectl, churn, and the project's own scripts.

No shell: every call is a list of words, bounded in time, and its end is judged by the caller or an assertion.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def tool(name: str) -> str:
    """The path of a cluster tool: the throwaway cluster's own, else the one on the PATH."""
    home = Path(os.environ.get("CLUSTER_HOME") or Path.home() / ".cache" / "churn-cluster")
    own = home / "bin" / name
    found = str(own) if own.is_file() else shutil.which(name)
    assert found, f"{name} is neither in {own.parent} nor on the PATH"
    return found


def run(
    command: Sequence[str], seconds: float, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run to the end; the caller looks at the code.

    Raises:
        subprocess.TimeoutExpired: it did not end in time.
    """
    return subprocess.run(
        command,
        env={**os.environ, **(environment or {})},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def succeed(command: Sequence[str], seconds: float, environment: Mapping[str, str] | None = None) -> str:
    """Run and return what it printed; assert that it ended well."""
    ended = run(command, seconds, environment)
    assert ended.returncode == 0, f"{' '.join(command[:6])}: {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout


def churn(*arguments: str, home: Path, seconds: float = 300) -> subprocess.CompletedProcess[str]:
    """Run the ``churn`` command with a home of its own."""
    command = [sys.executable, "-m", "churn_cli", *arguments]
    return run(command, seconds, {"CHURN_HOME": str(home)})


def describe(kind: str, name: str, namespace: str) -> str:
    """What ``kubectl describe`` shows a person."""
    return succeed([tool("kubectl"), "describe", kind, name, "--namespace", namespace], 30)


def json_of(ended: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """What a command with ``--json`` says in its last line; assert that it ended well."""
    assert ended.returncode == 0, f"{ended.returncode}\n{ended.stdout}\n{ended.stderr}"
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found
