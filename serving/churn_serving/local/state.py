"""The local state folder as a running start uses it: one owner, its logs, and `up.json`, which says what runs.

It knows files only, neither processes nor services.
"""

import fcntl
import json
import os
from pathlib import Path
from typing import Any

from churn_serving.local.errors import AlreadyRunning, SettingError
from churn_serving.local.tracebacks import without_tracebacks

_LOG_TAIL_BYTES = 16 * 1024


class LocalState:
    """Folder CHURN_HOME while this process owns it."""

    def __init__(self, home: Path) -> None:
        """Take the folder, making it if needed.

        Raises:
            AlreadyRunning: another start has it.
            SettingError: it cannot be written.
        """
        self.home = home
        self.up_file = home / "up.json"
        try:
            self._logs.mkdir(parents=True, exist_ok=True)
            # Kept open, and shared with the guard: the lock ends with the last of both.
            self._lock = os.open(home / "up.lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise SettingError(f"CHURN_HOME {home}: cannot be written ({error.strerror})") from error
        self._take(home)

    @property
    def lock(self) -> int:
        """Descriptor of the lock that marks the owner."""
        return self._lock

    @property
    def _logs(self) -> Path:
        return self.home / "logs"

    def log_file(self, service: str) -> Path:
        """Where a service's output goes."""
        return self._logs / f"{service}.log"

    def keep_old_log(self, service: str) -> None:
        """Move the log of the start before out of the way, to `<service>.log.1`."""
        current = self.log_file(service)
        if current.exists():
            current.replace(current.with_suffix(".log.1"))

    def log_tail(self, service: str, lines: int) -> list[str]:
        """The last lines that a service wrote for people: of a traceback the line that says what went wrong."""
        with self.log_file(service).open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - _LOG_TAIL_BYTES))
            return without_tracebacks(log.read().decode(errors="replace").splitlines())[-lines:]

    def write_up(self, content: dict[str, Any]) -> None:
        """Replace `up.json` in one step."""
        new = self.up_file.with_suffix(".json.new")
        new.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        new.replace(self.up_file)

    def close(self) -> None:
        """Remove `up.json` and give the folder free."""
        self.up_file.unlink(missing_ok=True)
        os.close(self._lock)

    def _take(self, home: Path) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.pread(self._lock, 32, 0).decode(errors="replace").strip()
            os.close(self._lock)
            raise AlreadyRunning(
                f"it runs already with {home} (process {owner or 'unknown'}): stop it, or choose another CHURN_HOME"
            ) from error
        os.truncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)
        self.up_file.unlink(missing_ok=True)
