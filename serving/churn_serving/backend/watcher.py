"""Notices a new model at the model path and swaps it in, so that promoting a champion needs no restart."""

import asyncio
import os
from pathlib import Path

from churn_serving.backend.errors import PackageRefused
from churn_serving.backend.loaded_model import ModelSlot

Fingerprint = tuple[str, tuple[tuple[str, int, int, int], ...]]


def fingerprint(path: Path) -> Fingerprint | None:
    """What identifies the content of a model path: where it leads, and inode, size and time of every file there. None
    while there is nothing."""
    try:
        folder = path.resolve(strict=True)
        files = []
        with os.scandir(folder) as entries:
            for entry in entries:
                status = entry.stat()
                files.append((entry.name, status.st_ino, status.st_size, status.st_mtime_ns))
    except OSError:
        return None
    return str(folder), tuple(sorted(files))


async def watch(slot: ModelSlot, path: Path, verify_key: Path, seen: Fingerprint | None, seconds: float = 1.0) -> None:
    """Look every ``seconds`` and load what differs from ``seen``, once per change; runs until cancelled. A refused
    package is logged by the slot and not tried again until it changes."""
    while True:
        await asyncio.sleep(seconds)
        found = await asyncio.to_thread(fingerprint, path)
        if found is None or found == seen:
            continue
        seen = found
        try:
            await asyncio.to_thread(slot.load, path, verify_key)
        except PackageRefused:
            continue
