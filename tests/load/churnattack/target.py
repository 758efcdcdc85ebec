"""Whom an attack is aimed at, when it ends, and what came back: the vocabulary of all attacks."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

HOST = "127.0.0.1"
"""Nothing else is ever attacked."""


@dataclass(frozen=True)
class Target:
    """Ports, the attacker's own valid key, and a customer that the model knows."""

    gateway: int
    grpc: int
    primary: int
    primary_grpc: int
    model: str
    key: str
    features: Mapping[str, str | float]
    ends: float
    """Moment of the monotonic clock at which the attack is over."""

    @property
    def left(self) -> float:
        """Seconds until then."""
        return self.ends - time.monotonic()

    @property
    def infer(self) -> str:
        """The model's V2 path."""
        return f"/v2/models/{self.model}/infer"


@dataclass
class Tally:
    """What an attack did and what it got for it."""

    sent: int = 0
    """Requests, or connections where those are the attack."""
    bytes_sent: int = 0
    bytes_received: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    """HTTP or gRPC status, `closed` for a connection that the server ended without one, `refused` for none at all."""
    served_by: Counter[str] = field(default_factory=Counter)
    unexpected: Counter[str] = field(default_factory=Counter)
    """Answers other than a request had to get, in words."""

    def to_json(self) -> dict[str, Any]:
        """For the report."""
        return {
            "sent": self.sent,
            "bytes_sent": self.bytes_sent,
            "bytes_received": self.bytes_received,
            "answers": dict(self.answers.most_common()),
            "served_by": dict(self.served_by.most_common()),
            "unexpected": dict(self.unexpected.most_common()),
        }


Run = Callable[[Target, Tally], Awaitable[None]]


@dataclass(frozen=True)
class Attack:
    """One line of the table."""

    name: str
    door: str
    what: str
    run: Run


async def paced(target: Target, rate: float) -> AsyncIterator[int]:
    """Count upwards at most so often a second until the attack is over; being late is not made good in a burst."""
    number = 0
    due = time.monotonic()
    while target.left > 0:
        yield number
        number += 1
        due = max(due + 1 / rate, time.monotonic() - 0.05)
        await asyncio.sleep(max(0.0, min(due - time.monotonic(), target.left)))


async def together(count: int, one: Callable[[int], Awaitable[None]]) -> None:
    """So many at once; what one of them meets ends that one alone."""
    await asyncio.gather(*(one(number) for number in range(count)))
