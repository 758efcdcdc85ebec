"""What is exported for serving on this machine, as read from the note beside the `champion` link.

Reading it takes no model library, so that a restart is quick. It must not change anything.
"""

import json
from dataclasses import dataclass
from pathlib import Path

LINK = "champion"
NOTE = "champion.json"


@dataclass(frozen=True)
class Exported:
    """The package behind the `champion` link. `usecase_sha256` is empty when not known here (trained elsewhere)."""

    name: str
    version: str
    digest: str
    data_source: str
    data_sha256: str
    simulated: bool
    usecase_sha256: str = ""


def read_exported(folder: Path) -> Exported | None:
    """The exported champion in a model's folder; None when there is none or link and note disagree."""
    try:
        noted = Exported(**json.loads((folder / NOTE).read_text(encoding="utf-8")))
        linked = str((folder / LINK).readlink())
    except (OSError, ValueError, TypeError):
        return None
    intact = linked == noted.version and (folder / linked / "manifest.json").is_file()
    return noted if intact else None
