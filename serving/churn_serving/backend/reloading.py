"""Loading when a caller asks for it, so that any number of callers cost what one does.

Proving a package takes a second of a processor, and nobody needs it twice. It knows no protocol.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from churn_serving.backend.loaded_model import LoadedModel, ModelSlot
from churn_serving.backend.model_source import Fingerprint, ModelSource, fingerprint
from churn_serving.runtime import files


class Reloading:
    """Loads of one slot, one at a time. Whoever asks while one runs shares the next with all who ask until then, since
    the running one may have read what was there before."""

    def __init__(self, slot: ModelSlot) -> None:
        self._slot = slot
        # Not the event loop's own threads: large requests are read in those.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="package")
        self._one_at_a_time = asyncio.Lock()
        self._next: asyncio.Task[None] | None = None
        self._proven: tuple[Fingerprint | None, files.Fingerprint | None] = (None, None)
        self._loaded: LoadedModel | None = None

    async def load(self, source: ModelSource) -> None:
        """Serve what the source holds now; nothing is proven again while neither package nor keys have changed.

        Raises:
            PackageRefused: with the reason; whatever was served before still is.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._run(source))
            self._next.add_done_callback(_look_at)
        await asyncio.shield(self._next)  # a caller that leaves ends nobody else's

    async def _run(self, source: ModelSource) -> None:
        async with self._one_at_a_time:
            self._next = None
            await asyncio.get_running_loop().run_in_executor(self._thread, self._load, source)

    def _load(self, source: ModelSource) -> None:
        found = fingerprint(source.path), files.fingerprint(source.verify_key)
        if None not in found and found == self._proven and self._loaded is self._slot.current is not None:
            return
        # A refusal is not kept: its reason may be one that no fingerprint shows, the rights of a file, say.
        self._loaded = self._slot.load(source.path, source.verify_key)
        self._proven = found


def _look_at(task: asyncio.Task[None]) -> None:
    """So that a refusal whose callers have all left is not reported as one that nobody looked at."""
    if not task.cancelled():
        task.exception()
