"""What an inference request and its answer mean, whatever protocol carried them.

Every codec of this package produces and consumes these values; none of them may know a server, a model or a socket.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from churn_model.schema import Row
from churn_model.spelling import Note
from churn_serving.oip.faults import InvalidRequest, Problem

PROBABILITY = "churn_probability"
SEGMENT = "segment"
CONTRIBUTIONS = "contributions"
OUTPUT_DATATYPES = {PROBABILITY: "FP64", SEGMENT: "INT64"}
"""What every answer holds unless its caller asked for less."""
NAMEABLE_DATATYPES = {**OUTPUT_DATATYPES, CONTRIBUTIONS: "FP64"}
"""What a request's ``outputs`` may name; contributions are computed for those alone who name them."""
MAX_ROWS = 10_000
"""Rows of one request, at every door and on every way on."""
MAX_REQUEST_BYTES = 8 * 1024 * 1024
"""Bytes of one request to a model server. A gateway's calls stay below it, whatever their callers sent."""
MAX_ID = 128
"""Characters of a request's id, which every answer repeats."""
MAX_EXPLAINED_ROWS = 32
"""Rows of a request for contributions. A row takes 4 ms where scoring takes 0.02 (200 trees of depth 6, 19 features):
32 keep well under the quarter of a second that the gateway waits."""


class InvalidReply(Exception):
    """A backend's answer is not one of this protocol's: wrong shape, not a probability, or not readable at all."""


class RequestedOutput(NamedTuple):
    """An output the caller asked for by name; ``binary`` if its values go after the JSON as raw bytes."""

    name: str
    binary: bool


class ModelName(NamedTuple):
    """The model that a request's body names; empty where it names none, or any version."""

    name: str = ""
    version: str = ""


UNNAMED = ModelName()


class InferRequest(NamedTuple):
    """Customers to score: at least one row, in schema order. ``outputs`` is None for the usual answer: all, as JSON.
    ``model`` may repeat the model of the path, which is then another one's request or this one's. ``notes`` are what is
    missing or new in the rows; None where nobody has looked."""

    id: str
    rows: list[Row]
    outputs: tuple[RequestedOutput, ...] | None = None
    model: ModelName = UNNAMED
    notes: Sequence[Note] | None = None


class InferReply(msgspec.Struct, frozen=True):
    """Scores of one request in the order of its rows: churn probabilities (0 to 1) and segment ids (1 to 4), with the
    model that gave them; and, for those who asked, ``contributions`` of shape ``[rows][features + 1]`` in log-odds.
    ``served_by`` is who answered where several can, so that an answer by a stand-in says so; empty where only one can.
    """

    model_name: str
    model_version: str
    digest: str
    id: str
    probabilities: list[float]
    segments: list[int]
    contributions: list[list[float]] | None = None
    served_by: str = ""
    warnings: str = ""

    @property
    def parameters(self) -> dict[str, str]:
        """What an answer says beside its tensors: the model's digest and, where they are known, who served it and what
        is odd about the question, as JSON."""
        more = {"served_by": self.served_by, "warnings": self.warnings}
        return {"digest": self.digest, **{name: text for name, text in more.items() if text}}

    def values(self, name: str) -> Sequence[float]:
        """The flat values of an output that was asked for; contributions row by row."""
        if name == PROBABILITY:
            return self.probabilities
        if name == SEGMENT:
            return self.segments
        return [value for row in self.contributions or () for value in row]

    def shape(self, name: str) -> list[int]:
        """The shape of an output that was asked for."""
        if name == CONTRIBUTIONS and self.contributions:
            return [len(self.contributions), len(self.contributions[0])]
        return [len(self.probabilities)]


def asks_for_contributions(outputs: Sequence[RequestedOutput] | None) -> bool:
    """Whether the outputs that a request names hold contributions."""
    return outputs is not None and any(output.name == CONTRIBUTIONS for output in outputs)


def refuse_contributions(outputs: Sequence[RequestedOutput]) -> None:
    """Return if the outputs that a request names hold no contributions; for servers that give none.

    Raises:
        InvalidRequest: they do.
    """
    if asks_for_contributions(outputs):
        raise InvalidRequest([Problem("outputs", f"{CONTRIBUTIONS} are not given here, but by the model's own server")])


def require_sound(reply: InferReply) -> InferReply:
    """The reply itself, if its values can be believed.

    Raises:
        InvalidReply: no rows, unequal lengths, a probability outside 0 to 1, or a segment id below 1.
    """
    if not reply.probabilities or len(reply.probabilities) != len(reply.segments):
        raise InvalidReply("probabilities and segments are not one a row")
    if not all(0.0 <= probability <= 1.0 for probability in reply.probabilities):
        raise InvalidReply("a probability is not between 0 and 1")
    if min(reply.segments) < 1:
        raise InvalidReply("a segment id is below 1")
    return reply


def is_finite(value: float) -> bool:
    """Whether a number of any size is neither NaN nor infinite as a double."""
    try:
        return math.isfinite(value)
    except OverflowError:  # an int beyond the range of a double
        return False
