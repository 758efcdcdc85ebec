"""Whose request it is, as processes tell each other in HTTP headers and gRPC metadata: request ids and W3C's Trace
Context.

What comes from outside is believed only where it is plain and short, since it goes on to other servers and into logs.
It knows no server and no client.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

REQUEST_ID = "x-request-id"
TRACEPARENT = "traceparent"
TRACESTATE = "tracestate"
MAXIMUM_IDS = 8
"""Ids of one call to a backend that answers several requests; of the others it says how many there were."""
PLAIN_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
"""What of a caller's own id is believed; anything else is not."""
REQUEST_IDS = re.compile(rb"[A-Za-z0-9._-]{1,64}(?:,[A-Za-z0-9._-]{1,64}){0,%d}(?:,\+[0-9]{1,5})?" % (MAXIMUM_IDS - 1))
"""The ids of one call, as :func:`headers_of` writes them."""
# Versions to come may say more behind the flags; ff is none, and ids of zeros name nothing.
_TRACEPARENT = re.compile(
    rb"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:(?<!\A00.{53})-[!-~]{0,64})?"
)
_TRACE_ID = slice(3, 35)
_SPAN_ID = slice(36, 52)
_FLAGS = 54  # the last digit of the flags, whose lowest bit says that the trace is kept
_ODD = "13579bdf"
_STATE_MEMBER = re.compile(rb"[a-z0-9][a-z0-9_*/@-]{0,255}=[ -+\--<>-~]{0,255}[!-+\--<>-~]")
_MAXIMUM_STATE_BYTES = 512
_MAXIMUM_STATE_MEMBERS = 32
Headers = Iterable[tuple[bytes, bytes]]


class Trace(NamedTuple):
    """A trace that a request is part of; ``state`` is empty where there is none. ``caller`` is the id of the step that
    this one is part of, where this process has made it a step of its own."""

    parent: str
    state: str = ""
    caller: str = ""

    @property
    def id(self) -> str:
        """The trace's own id, 32 hexadecimal digits."""
        return self.parent[_TRACE_ID]

    @property
    def span_id(self) -> str:
        """The id of the step that is meant, 16 hexadecimal digits."""
        return self.parent[_SPAN_ID]

    @property
    def sampled(self) -> bool:
        """Whether who began it says that it is kept."""
        return self.parent[_FLAGS] in _ODD

    def step(self, span_id: str) -> "Trace":
        """A step of the one that is meant, in the version of the standard that is known here."""
        return Trace(f"00-{self.id}-{span_id}-0{int(self.sampled)}", self.state, self.span_id)


class Traced(Protocol):
    """Any request that has an id and may have a trace."""

    request_id: str
    trace: Trace | None


def read_trace(parents: Sequence[bytes], states: Sequence[bytes]) -> Trace | None:
    """The trace that these values of ``traceparent`` and ``tracestate`` name; None where they name none. A state that
    is not well-formed, or too long, is left out, as the standard has it."""
    if len(parents) != 1:
        return None
    parent = parents[0].strip(b" \t")
    if not _TRACEPARENT.fullmatch(parent):
        return None
    return Trace(parent.decode(), _state(b",".join(states)) if states else "")


def _state(value: bytes) -> str:
    if len(value) > _MAXIMUM_STATE_BYTES:
        return ""
    members = [member for member in (piece.strip(b" \t") for piece in value.split(b",")) if member]
    if len(members) > _MAXIMUM_STATE_MEMBERS or not all(map(_STATE_MEMBER.fullmatch, members)):
        return ""
    return b",".join(members).decode()


def headers_of(requests: Sequence[Traced]) -> dict[str, str]:
    """What a call that answers all of these says of them: their ids, and the trace of the first that has one."""
    headers = {REQUEST_ID: ",".join([request.request_id for request in requests[:MAXIMUM_IDS]])}
    if len(requests) > MAXIMUM_IDS:
        headers[REQUEST_ID] += f",+{len(requests) - MAXIMUM_IDS}"
    for request in requests:
        if request.trace is not None:
            headers[TRACEPARENT] = request.trace.parent
            if request.trace.state:
                headers[TRACESTATE] = request.trace.state
            break
    return headers


def in_words(headers: Headers) -> str:
    """The requests and the trace that a call says it is for, fit for a log."""
    ids, parents = b"", []
    for name, value in headers:
        if name == b"x-request-id" and REQUEST_IDS.fullmatch(value):
            ids = value
        elif name == b"traceparent":
            parents.append(value)
    trace = read_trace(parents, ())
    words = [f"request {ids.decode()}"] if ids else []
    words += [f"trace {trace.id}"] if trace else []
    return ", ".join(words) or "a request without id"
