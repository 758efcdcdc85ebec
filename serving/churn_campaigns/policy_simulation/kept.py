"""Results of a study, kept one by one as they are finished: what was stopped goes on.

A result counts only for the code, and for whatever else, it was found with. It must not know what a result is.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import churn_campaigns


class Kept:
    """Finished results by key, in a file with one JSON object a line where one is given.

    Args:
        path: the file (None: results are kept in memory only).
        found_with: whatever but this project's code decides about the results, the data's digest say.
    """

    def __init__(self, path: Path | None, found_with: str = "") -> None:
        self._path, self._found_with = path, f"{code_digest()} {found_with}".strip()
        lines = path.read_text(encoding="utf-8").splitlines() if path is not None and path.exists() else []
        whole = [kept for line in lines if (kept := _whole(line)) is not None]
        self._known = {kept["key"]: kept["result"] for kept in whole if kept["found_with"] == self._found_with}

    def __contains__(self, key: str) -> bool:
        return key in self._known

    def of(self, key: str) -> Any:
        """A finished result, as JSON holds it.

        Raises:
            KeyError: there is none.
        """
        return self._known[key]

    def add(self, key: str, result: Any) -> None:
        """Keep a result, which JSON must be able to hold."""
        self._known[key] = result
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            line = json.dumps({"found_with": self._found_with, "key": key, "result": result})
            with self._path.open("a", encoding="utf-8") as stream:
                # In front, too: the line before may have been cut off when a study was killed.
                stream.write(f"\n{line}\n")


def _whole(line: str) -> dict[str, Any] | None:
    """A kept result; None for an empty line, and for one that was cut off, whose result is found once more."""
    try:
        return dict(json.loads(line))
    except ValueError:
        return None


def code_digest() -> str:
    """Of everything in this package that decides about a simulated result."""
    folder = Path(churn_campaigns.__path__[0])
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
