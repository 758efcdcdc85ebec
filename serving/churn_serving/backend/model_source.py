"""Where a server's model comes from, and how to tell whether it is another one than before. It knows no model."""

import os
from dataclasses import dataclass
from pathlib import Path

Fingerprint = tuple[str, tuple[tuple[str, int, int, int], ...]]


@dataclass
class ModelSource:
    """The path that is watched and the keys that packages must be signed with."""

    path: Path
    verify_key: Path


def fingerprint(path: Path) -> Fingerprint | None:
    """What identifies the content of a model path: where it leads, and inode, size and time of every file there (of a
    link the link's own: it belongs into no package, wherever it leads). None while there is nothing."""
    try:
        folder = path.resolve(strict=True)
        files = []
        with os.scandir(folder) as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                files.append((entry.name, status.st_ino, status.st_size, status.st_mtime_ns))
    except (OSError, RuntimeError):  # links that lead in a circle are a RuntimeError
        return None
    return str(folder), tuple(sorted(files))
