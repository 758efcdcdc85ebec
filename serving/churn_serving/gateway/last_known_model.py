"""Which model a gateway answers from while no backend does: the one that it last met or, where it never met any, the
one that it was given. It knows neither backends nor how an answer is made."""

import asyncio
import datetime
import logging
from pathlib import Path

from churn_model import Description, PackageError, TrustedKeys
from churn_serving.adapters.description_store import DescriptionStore, read_description
from churn_serving.telemetry.metrics import GatewayMetrics, ServedModel

PATIENCE_SECONDS = 5.0
"""How long backends are waited for before a description that was given counts: what serves may be newer than it, and
requests must not be read by an older schema only because a gateway has just begun to ask."""
_LOOK_SECONDS = 1.0
_logger = logging.getLogger(__name__)


class LastKnownModel:
    """Keeps what backends say of their models: in metrics, in the log and, the primary's above all, on disk."""

    def __init__(self, store: DescriptionStore, metrics: GatewayMetrics) -> None:
        self._store = store
        self._metrics = metrics
        self._learned = True
        self._keys_of_now: TrustedKeys | None = None
        self.remembered: Description | None = store.load()

    def __call__(self, backend: str, description: Description) -> None:
        """A backend describes its model."""
        served = ServedModel(description.name, description.version, description.digest, _created(description))
        self._metrics.model_served(backend, served)
        _logger.info("%s serves %s version %s (%s)", backend, description.name, description.version, description.digest)
        if backend == "primary" or self.remembered is None or not self._learned:
            self.remembered = description
            self._learned = True
            try:
                self._store.save(description)
            except OSError as error:
                _logger.warning("the model's description cannot be kept on disk: %s", error.strerror)

    def forget_untrusted(self, trusted: TrustedKeys) -> None:
        """Forget what none of the keys of now signed, and take nothing of the kind again."""
        self._keys_of_now = trusted
        if self.remembered is not None and not self.remembered.is_signed_by(trusted):
            self.remembered = None

    async def use_given(self, path: Path, trusted: TrustedKeys, patience: float = PATIENCE_SECONDS) -> None:
        """Whenever nothing has been known for ``patience`` seconds, take the description in a file, which may come
        later, if a key of now signed it, ``trusted`` to begin with; runs until cancelled. What backends say wins over
        it."""
        told = ""
        while True:
            await asyncio.sleep(patience if self.remembered is None else _LOOK_SECONDS)
            if self.remembered is not None:
                continue
            try:
                keys = trusted if self._keys_of_now is None else self._keys_of_now
                given = await asyncio.to_thread(read_description, path, keys)
            except (OSError, PackageError) as error:
                reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
                if reason != told:  # once a reason, not once a look
                    told = reason
                    _logger.error("CHURN_GATEWAY_LAST_KNOWN_MODEL: %s: %s", path, reason)  # noqa: TRY400 - one line
            else:
                self._take(given)

    def _take(self, given: Description) -> None:
        if self.remembered is None:  # nobody has described a model while the file was read
            self.remembered = given
            self._learned = False
            _logger.warning("no backend was reached yet; what was given describes %s (%s)", given.name, given.digest)


def _created(description: Description) -> float | None:
    """When the model was made, in Unix time; None where its manifest does not say it readably."""
    try:
        return datetime.datetime.fromisoformat(description.manifest.created).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
