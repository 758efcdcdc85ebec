"""Why these customers may leave: asked for after the answer is known, and given up rather than waited for.

Reasons never cost an answer: whatever goes wrong, a request gets what it would have got without asking for them. How
explaining ends is counted but never held against the backend, whose scores may be sound all the same.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import NamedTuple

from churn_model import Row
from churn_model.reasons import reasons
from churn_serving.core.dispatch import Outcome
from churn_serving.core.errors import (
    BackendBusy,
    BackendError,
    BackendOtherSchema,
    BackendRefusedRequest,
    BackendRejected,
    BackendTimeout,
)
from churn_serving.core.guarded import GuardedBackend
from churn_serving.core.policy import DecisionPolicy
from churn_serving.core.ports import Explanation, Observer
from churn_serving.telemetry.tracing import Traced

GIVEN = "given"
LATE = "late"
FAILED = "failed"
BUSY = "busy"
UNAVAILABLE = "unavailable"
_NOT_TO_BE_HAD = (BackendRejected, BackendRefusedRequest, BackendOtherSchema)
_logger = logging.getLogger(__name__)


class Explained(NamedTuple):
    """How explaining ended, one of the words above, and each row's reasons, the strongest first; without
    :data:`GIVEN` there are none."""

    ending: str
    reasons: list[list[str]]


class Explanations:
    """Reasons for the answers of one gateway; lives on one event loop."""

    def __init__(self, backends: Sequence[GuardedBackend], policy: DecisionPolicy, observer: Observer) -> None:
        self._backends = {backend.name: backend for backend in backends}
        self._policy = policy
        self._observer = observer
        self._under_way = 0

    async def explain(self, rows: Sequence[Row], outcome: Outcome, origin: Traced | None = None) -> Explained:
        """Each row's reasons in plain words; none for all rows where they cannot be had from the model that gave the
        outcome, in time, and why. Never raises."""
        ended, words = await self._explain(rows, outcome, origin)
        self._observer.explained(ended)
        return Explained(ended, words or [[] for _ in rows])

    async def _explain(
        self, rows: Sequence[Row], outcome: Outcome, origin: Traced | None
    ) -> tuple[str, list[list[str]]]:
        backend = self._backends.get(outcome.served_by)
        if backend is None or not backend.breaker.closed:  # no backend answered, or it has failed since
            return UNAVAILABLE, []
        if self._under_way >= self._policy.maximum_explanations:
            return BUSY, []
        self._under_way += 1
        try:
            # The port keeps the time too; this holds whatever stands behind it.
            async with asyncio.timeout(self._policy.explain_seconds):
                explanation = await backend.explain(rows, outcome.description, origin)
            return _in_words(rows, outcome, explanation)
        except (BackendError, TimeoutError) as error:
            return _ending(error), []
        except Exception as error:  # noqa: BLE001 - reasons never cost the answer; a message may quote a customer
            _logger.error("explaining failed: %s", type(error).__name__)  # noqa: TRY400
            return FAILED, []
        finally:
            self._under_way -= 1


def _in_words(rows: Sequence[Row], outcome: Outcome, explanation: Explanation) -> tuple[str, list[list[str]]]:
    if explanation.digest != outcome.description.digest:  # another model's reasons would explain another answer
        return UNAVAILABLE, []
    schema = outcome.description.schema
    pairs = zip(rows, explanation.contributions, strict=True)
    return GIVEN, [reasons(row, contributions, schema) for row, contributions in pairs]


def _ending(error: BackendError | TimeoutError) -> str:
    if isinstance(error, BackendTimeout | TimeoutError):
        return LATE
    if isinstance(error, BackendBusy):
        return BUSY
    return UNAVAILABLE if isinstance(error, _NOT_TO_BE_HAD) else FAILED
