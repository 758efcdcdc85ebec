"""All HTTP connections of one server: how many there may be, who makes room, and the clock that ends them in time.

It knows connections by three questions only, neither a parser nor a framework.
"""

import asyncio
import heapq
from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple, Protocol

from churn_serving.web import refusals
from churn_serving.web.limits import ConnectionLimits
from churn_serving.web.refusals import Refusal

_LOOK_SECONDS = 0.5
# For reading why one was refused, while what was on its way is dropped.
_LEAVING_SECONDS = 2.0
# Looking for whom to send away costs as much as some accepting; in a flood a few go at once.
_SHARE_SENT_AWAY = 32


class Phase(IntEnum):
    """Where a connection stands; in the order in which they are sent away to make room for others."""

    LEAVING = 0
    """Refused; what it still sends is dropped until it has read why."""
    SILENT = 1
    """Nothing of a first request has come."""
    HEADER = 2
    """Some of a request's header has come."""
    IDLE = 3
    """Between two requests."""
    BODY = 4
    """A request has been handed on; the rest of its body is to come."""
    ANSWER = 5
    """A whole request has come; its answer is being made."""


class Patience(NamedTuple):
    """How long a phase may last, and what follows."""

    seconds: float
    refusal: Refusal


class Connection(Protocol):
    """What the door asks of a connection; ``since`` is the loop's time at which its phase began."""

    phase: Phase
    since: float

    def overdue(self, now: float) -> Refusal | None:
        """Why it has to end now, None if it has not."""

    def refuse(self, refusal: Refusal) -> None:
        """End it, with an answer where one can still be given."""


class Door:
    """The connections of one server; ``refused`` is told why one was ended by us."""

    def __init__(self, limits: ConnectionLimits, refused: Callable[[str], None]) -> None:
        self.limits = limits
        self.refused = refused
        self.held_bytes = 0
        """Of all bodies that are being received or answered."""
        self.patience = {
            Phase.LEAVING: Patience(_LEAVING_SECONDS, refusals.UNREAD),
            Phase.SILENT: Patience(limits.first_byte_seconds, refusals.SILENT),
            Phase.HEADER: Patience(limits.header_seconds, refusals.HEADER_TOO_SLOW),
            Phase.IDLE: Patience(limits.idle_seconds, refusals.IDLE),
            Phase.BODY: Patience(limits.body_seconds, refusals.BODY_TOO_SLOW),
        }
        self._inside: set[Connection] = set()
        self._clock: asyncio.TimerHandle | None = None

    @property
    def inside(self) -> tuple[Connection, ...]:
        """All of them at this moment."""
        return tuple(self._inside)

    def enter(self, connection: Connection) -> None:
        """Take a new connection in, or refuse it where nobody can be sent away."""
        if len(self._inside) >= self.limits.connections:
            self._make_room()
        if len(self._inside) >= self.limits.connections:
            connection.refuse(refusals.FULL)
        self._inside.add(connection)
        if self._clock is None:
            self._look_again()

    def leave(self, connection: Connection) -> None:
        """A connection is over."""
        self._inside.discard(connection)

    def _make_room(self) -> None:
        idle = [one for one in self._inside if one.phase <= Phase.IDLE]
        strangers = [one for one in idle if one.phase < Phase.IDLE]
        count = 1 + (self.limits.connections // _SHARE_SENT_AWAY if strangers else 0)
        for connection in heapq.nsmallest(count, strangers or idle, key=lambda one: (one.phase, one.since)):
            self._inside.discard(connection)
            connection.refuse(refusals.ROOM_MADE)

    def _look(self) -> None:
        try:
            now = asyncio.get_running_loop().time()
            for connection in self.inside:
                refusal = connection.overdue(now)
                if refusal is not None:
                    connection.refuse(refusal)
        finally:  # whatever went wrong with one of them: the clock goes on, and the loop logs it
            self._look_again()

    def _look_again(self) -> None:
        self._clock = asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._look) if self._inside else None
