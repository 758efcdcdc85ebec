"""Golden rows: customers whose answers were written down when the model was made.

A model may answer only after it has repeated them bit for bit; probes use them to tell a wrong answer from a right one.
"""

from collections.abc import Sequence

import msgspec

from churn_model.documents import read_by_any_thread
from churn_model.errors import GoldenMismatch, SchemaMismatch
from churn_model.schema import Row, Schema, row_from_json, row_to_json
from churn_model.scorer import Scorer, Scores

MANY_ROWS = 1024
"""More than any estimator takes for few."""


@read_by_any_thread
class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: int
    rows: list[list[float | str | None]]
    probabilities: list[float]
    segments: list[int]


class Golden:
    """Rows in schema order with the expected scores."""

    def __init__(self, rows: Sequence[Row], scores: Scores) -> None:
        self.rows = rows
        self.scores = scores

    def check(self, scorer: Scorer) -> None:
        """Score the rows one by one and among many, so that an estimator with one way for few rows and another for
        many is held to the same bits on both, whatever its size.

        Raises:
            GoldenMismatch: any probability or segment differs, in any bit.
        """
        together = scorer.score([*self.rows] * -(-MANY_ROWS // len(self.rows)))
        for index, row in enumerate(self.rows):
            expected = (self.scores.probabilities[index], self.scores.segments[index])
            alone = scorer.score([row])
            answers = (
                (together.probabilities[index], together.segments[index]),
                (alone.probabilities[0], alone.segments[0]),
            )
            if any(answer != expected for answer in answers):
                raise GoldenMismatch(f"golden.json: row {index + 1} is answered differently from when it was packaged")

    def to_bytes(self) -> bytes:
        """The content of ``golden.json``."""
        rows = [row_to_json(row) for row in self.rows]
        return msgspec.json.encode(_Document(1, rows, self.scores.probabilities, self.scores.segments))

    @classmethod
    def from_bytes(cls, content: bytes, schema: Schema) -> "Golden":
        """Read ``golden.json``.

        Raises:
            SchemaMismatch: unknown format, no rows, or rows that do not fit the schema.
        """
        try:
            document = msgspec.json.decode(content, type=_Document)
            rows = [row_from_json(row, schema) for row in document.rows]
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise SchemaMismatch(f"golden.json: {error}") from error
        if document.format != 1 or not len(rows) == len(document.probabilities) == len(document.segments) > 0:
            raise SchemaMismatch("golden.json: expected format 1 with as many answers as rows, at least one")
        return cls(rows, Scores(document.probabilities, document.segments))
