"""The last words of a process in a pod: what `kubectl describe pod` shows as its termination message.

CHURN_TERMINATION_LOG names the file; without it nothing is written. It must never be the reason why something fails.
"""

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LIMIT = 4096
"""Bytes that Kubernetes keeps."""

RESULT = ("name", "version", "digest", "uri")


def leave(line: str) -> None:
    """Write the last words, cut to what Kubernetes keeps."""
    path = os.environ.get("CHURN_TERMINATION_LOG")
    if path:
        text = line.encode()[:LIMIT].decode(errors="ignore")
        with contextlib.suppress(OSError):
            Path(path).write_text(text, encoding="utf-8")


def leave_result(result: Mapping[str, Any]) -> None:
    """Write which version a command was about, as JSON; nothing if it was about none."""
    if all(name in result for name in RESULT):
        leave(json.dumps({name: result[name] for name in RESULT}))
