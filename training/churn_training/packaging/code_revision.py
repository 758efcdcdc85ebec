"""Which code made a package, so that it can be made again. It must not know what a package is."""

import os
import subprocess
from pathlib import Path


def code_revision() -> str:
    """The commit of this code: CHURN_CODE_REVISION, else what git says, else `unknown`."""
    given = os.environ.get("CHURN_CODE_REVISION")
    if given:
        return given
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        found = subprocess.run(  # noqa: S603 - fixed words and our own path
            command, capture_output=True, text=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return found.stdout.strip()
