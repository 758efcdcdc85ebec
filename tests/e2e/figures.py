"""What a run of the suite measured, in one JSON document that is complete after every test.

Figures are for quoting. A test that promises one asserts it itself.
"""

import json
import time
from pathlib import Path
from typing import Any


class Figures:
    """Measurements under two names each: theme and measure; those of an earlier run go on where it does."""

    def __init__(self, path: Path, *, goes_on: bool = False) -> None:
        self._path = path
        self._themes: dict[str, dict[str, Any]] = {}
        self._started = time.monotonic()
        if goes_on and path.exists():
            document = json.loads(path.read_text())
            self._started -= document.pop("seconds")
            self._themes = document

    def record(self, theme: str, **measures: Any) -> None:
        """Keep measures and write all of them down."""
        self._themes.setdefault(theme, {}).update(measures)
        document = {"seconds": round(time.monotonic() - self._started, 1), **self._themes}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")
        print(f"figures: {theme}: {json.dumps(measures)}")  # noqa: T201 - shown with the test
