"""Which customers brought no better model than the champion that is served here, so that a restart need not try again.

A note beside the `champion` link; reading it takes no model library. It must not know how models are judged.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

NOTE = "declined.json"


@dataclass(frozen=True)
class Declined:
    """A training that the gate declined: the version that is served all the same, the SHA-256 of the file and of the
    use case that were learnt from, and the gate's reason."""

    champion: str
    data_sha256: str
    usecase_sha256: str
    reason: str


def note_declined(folder: Path, declined: Declined) -> None:
    """Keep it in a model's folder, instead of an earlier one."""
    note = folder / f".{NOTE}-{os.getpid()}"
    note.write_text(json.dumps(asdict(declined), indent=2), encoding="utf-8")
    note.replace(folder / NOTE)


def read_declined(folder: Path) -> Declined | None:
    """The latest in a model's folder; None when there is none that can be read."""
    try:
        return Declined(**json.loads((folder / NOTE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
