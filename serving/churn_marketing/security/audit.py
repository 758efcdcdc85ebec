"""The trail of what was done, by whom and when: lines of JSON that are only ever appended.

It names customers by their opaque keys, never by their ids, and holds no value of theirs.
"""

import json
import os
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


class AuditTrail:
    """One file; a line is on disk before what it tells of is confirmed to anybody."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def write(self, person: str, action: str, **details: Any) -> None:
        """That ``person`` (empty: somebody who has not signed in) did something, e.g. ``signed-in``."""
        when = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": when, "person": person, "action": action, **details}, ensure_ascii=True) + "\n"
        with self._lock:
            os.write(self._file, line.encode())
            os.fdatasync(self._file)

    def close(self) -> None:
        """Nothing is written afterwards."""
        os.close(self._file)
