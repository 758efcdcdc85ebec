"""Files that are read again when they change, however they are swapped: written over, replaced, or by a link two
folders up, as Kubernetes does with what it mounts."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

LOOK_SECONDS = 1.0
Fingerprint = tuple[str, int, int, int]


def fingerprint(path: Path) -> Fingerprint | None:
    """What tells one content of the file from the next: where its links lead, inode, size and time; None where there
    is nothing that could be read."""
    try:
        real = path.resolve(strict=True)
        status = real.stat()
    except (OSError, RuntimeError):  # links that lead in a circle are a RuntimeError
        return None
    return str(real), status.st_ino, status.st_size, status.st_mtime_ns


class WatchedFile:
    """A file whose content as it is now is about to be read, or several that are read together."""

    def __init__(self, *paths: Path) -> None:
        self._paths = paths
        self._seen = self._found()

    async def changes(self, read: Callable[[], None], seconds: float = LOOK_SECONDS) -> AsyncIterator[None]:
        """Look every ``seconds``, call ``read`` in a thread when a file is another, and tell of it afterwards. Never
        ends by itself. Where ``read`` raises, or whoever was told, the same change is told of again next time."""
        while True:
            await asyncio.sleep(seconds)
            found = await asyncio.to_thread(self._found)
            if found != self._seen:
                await asyncio.to_thread(read)
                yield
                self._seen = found

    def _found(self) -> list[Fingerprint | None]:
        return [fingerprint(path) for path in self._paths]
