"""Notices a new model at the model path and other keys, so that neither promoting a champion nor replacing a key needs
a restart."""

import asyncio
import contextlib
import logging

from churn_model.errors import UntrustedPackage
from churn_model.signing import TrustedKeys
from churn_serving.backend.errors import PackageRefused
from churn_serving.backend.loaded_model import ModelSlot
from churn_serving.backend.model_source import ModelSource, fingerprint
from churn_serving.runtime.files import WatchedFile
from churn_serving.runtime.trust import READ, REFUSED

logger = logging.getLogger(__name__)


class ModelWatcher:
    """Keeps a slot at what its source says: the package at its path and the keys that packages must be signed with."""

    def __init__(self, slot: ModelSlot, source: ModelSource, seconds: float) -> None:
        """To be made before the first load; looks every ``seconds``."""
        self._slot = slot
        self._source = source
        self._seconds = seconds
        self._seen = fingerprint(source.path)
        self._keys = WatchedFile(source.verify_key)

    def start(self) -> None:
        """Watch until the slot's supervisor stops."""
        self._slot.supervisor.start("model package", self._watch_package)
        self._slot.supervisor.start("package keys", self._watch_keys)

    async def _watch_package(self) -> None:
        """Load what is new, once per change: a refused package is logged by the slot, and tried again when it
        changes or other keys are trusted."""
        while True:
            await asyncio.sleep(self._seconds)
            found = await asyncio.to_thread(fingerprint, self._source.path)
            if found is not None and found != self._seen:
                await asyncio.to_thread(self._load)
                self._seen = found

    async def _watch_keys(self) -> None:
        async for _ in self._keys.changes(self._other_keys, self._seconds):
            pass

    def _other_keys(self) -> None:
        try:
            trusted = TrustedKeys.load(self._source.verify_key)
        except UntrustedPackage as error:
            logger.error("keys of packages not read again, the former ones stay: %s", error)  # noqa: TRY400 - one line
            self._slot.metrics.package_keys_loaded(REFUSED)
            return
        logger.info("keys of packages read again")
        self._slot.metrics.package_keys_loaded(READ)
        self._slot.withdraw_untrusted(trusted)
        self._load()  # what was refused may be trusted now

    def _load(self) -> None:
        with contextlib.suppress(PackageRefused):
            self._slot.load(self._source.path, self._source.verify_key)
