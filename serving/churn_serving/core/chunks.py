"""A large request, chunk by chunk: cut so that each fits into a call, and answered by one and the same model.

A chunk is asked for when the one before it is answered, so large requests take turns and none holds more than one place
in a queue. While versions take turns behind a backend's address, chunks are asked for again until one model has
answered them all. It must not know breakers, deadlines or which backend it is.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from churn_model import Row, Schema, Scores
from churn_serving.core.call_size import size_for
from churn_serving.core.errors import BackendChanging
from churn_serving.core.policy import DecisionPolicy, LargeRequestPolicy
from churn_serving.core.ports import Answer

Chunk = Sequence[Row]


async def cut(rows: Sequence[Row], schema: Schema, policy: DecisionPolicy) -> list[Chunk]:
    """The rows in their order, in chunks; the event loop gets a turn after each, since measuring takes its time."""
    sizes = size_for(schema)
    chunks: list[Chunk] = []
    for start in range(0, len(rows), policy.large.rows_a_chunk):
        chunks.extend(sizes.pieces(rows[start : start + policy.large.rows_a_chunk], policy.bytes_a_call))
        await asyncio.sleep(0)
    return chunks


async def score_chunks(
    chunks: Sequence[Chunk], ask: Callable[[Chunk], Awaitable[Answer]], policy: LargeRequestPolicy
) -> Answer:
    """All chunks' scores by one model.

    Raises:
        BackendChanging: no model answered all of them, though each was asked for several times.
        BackendError: whatever ``ask`` raises.
    """
    found = _Found(len(chunks), policy.gone_after)
    for _ in range(policy.calls_a_chunk * len(chunks) + policy.spare_calls):
        missing = found.next_missing()
        if missing is None:
            return found.joined()
        found.add(missing, await ask(chunks[missing]))
    if found.next_missing() is None:
        return found.joined()
    raise BackendChanging("its models take turns")


class _Found:
    """Answers by the model that gave them and by chunk; the model that has answered most leads."""

    def __init__(self, chunks: int, gone_after: int) -> None:
        self._chunks = chunks
        self._gone_after = gone_after
        self._by_digest: dict[str, dict[int, Answer]] = {}
        self._last_seen: dict[str, int] = {}
        self._calls = 0

    def next_missing(self) -> int | None:
        """The first chunk that the leading model has not answered; None when it has answered all."""
        leading = self._leading()
        return next((index for index in range(self._chunks) if index not in leading), None)

    def add(self, index: int, answer: Answer) -> None:
        """Take an answer in; a model that has been silent for too long is forgotten."""
        self._calls += 1
        digest = answer.description.digest
        self._by_digest.setdefault(digest, {})[index] = answer
        self._last_seen[digest] = self._calls
        for other, seen in list(self._last_seen.items()):
            if self._calls - seen >= self._gone_after:
                del self._by_digest[other], self._last_seen[other]

    def joined(self) -> Answer:
        """The leading model's answers as one."""
        answers = self._leading()
        scores = Scores([], [])
        for index in range(self._chunks):
            scores.probabilities.extend(answers[index].scores.probabilities)
            scores.segments.extend(answers[index].scores.segments)
        return Answer(scores, answers[0].description)

    def _leading(self) -> dict[int, Answer]:
        return max(self._by_digest.values(), key=len, default={})
