"""Answers for many customers, written a few customers at a time, so that nobody waits for a whole one.

It knows the form of an answer only as far as it can be taken apart: a list in it.
"""

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from churn_model import Row, Scores
from churn_model.spelling import Note
from churn_serving.core.dispatch import Outcome
from churn_serving.gateway.answers import Prediction, Predictions, decide
from churn_serving.gateway.warnings import customer_warnings

FEW_ROWS = 32
"""Customers whose answer is written at once, in some 0.2 ms."""
_EMPTY = b'"predictions":[]'
"""Where the customers go in an answer without any; no text holds it, since quotes in texts are escaped."""


class AnswerTurns:
    """Writes one piece of one answer in each turn of the loop, however many are asked for at the same time; each piece
    is shown to ``decided``."""

    def __init__(self, decided: Callable[[Predictions], None]) -> None:
        self._decided = decided
        self._turn = asyncio.Lock()
        self._encode = msgspec.json.Encoder().encode

    async def write(
        self,
        request_id: str,
        customer_ids: Sequence[str],
        rows: Sequence[Row],
        outcome: Outcome,
        notes: Sequence[Note] = (),
        kept: list[Prediction] | None = None,
    ) -> bytes:
        """The same bytes as those of all customers' answer written at once. What they say of each customer is appended
        to ``kept``, if that is wanted."""
        pieces: list[bytes] = []
        async with self._turn:
            for start in range(0, len(rows), FEW_ROWS):
                part = slice(start, start + FEW_ROWS)
                scores = Scores(outcome.scores.probabilities[part], outcome.scores.segments[part])
                answer = decide(request_id, customer_ids[part], rows[part], outcome._replace(scores=scores))
                self._decided(answer)
                pieces.append(self._encode(answer.predictions)[1:-1])
                if kept is not None:
                    kept += answer.predictions
                await asyncio.sleep(0)
            unseen = customer_warnings(notes, customer_ids, rows, outcome.description.schema)
        around = decide(request_id, (), (), outcome._replace(scores=Scores([], [])))
        before, after = self._encode(msgspec.structs.replace(around, warnings=around.warnings + unseen)).split(
            _EMPTY, 1
        )
        return b"".join((before, _EMPTY[:-1], b",".join(pieces), b"]", after))
