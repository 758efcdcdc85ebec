"""What a fault drill showed, from the generator's timeline alone, and what is required of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from churnbench.generator import Report

TAKEOVER_SECONDS = 0.5
REQUIRED_SHARE = 0.99
RECOVERY_SECONDS = 10.0
SETTLED_SECONDS = 1.0
BUCKET_SECONDS = 0.1

Bucket = Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """Figures of one drill; times in seconds from the start of the load, latencies in milliseconds, shares 0 to 1."""

    sent: int
    failed: int
    hurt_at: float
    back_at: float
    primary_before: float
    """Share that the primary served before the fault."""
    fallback_share: float
    """Share that the fallback served from half a second after the fault until the primary's return."""
    recovery: float | None
    """From the primary's return until it serves 99 % over a whole second; None: not before the load ended."""
    worst_ms: float
    p99_ms: float
    """Over the whole run."""

    @property
    def met(self) -> bool:
        """Whether all that is required holds."""
        recovered = self.recovery is not None and self.recovery <= RECOVERY_SECONDS
        took_over = self.primary_before >= REQUIRED_SHARE and self.fallback_share >= REQUIRED_SHARE
        return self.failed == 0 and took_over and recovered


def judge(report: Report, hurt_at: float, back_at: float) -> Verdict:
    """Read a drill's report; the two moments are seconds of the wall clock (Unix)."""
    hurt, back = hurt_at - report["started_unix"], back_at - report["started_unix"]
    timeline: list[Bucket] = report["timeline"]
    during = between(timeline, hurt + TAKEOVER_SECONDS, back)
    latency = report["latency_ms"]
    return Verdict(
        sent=report["sent"],
        failed=report["failed"] + report["unserved"],
        hurt_at=round(hurt, 3),
        back_at=round(back, 3),
        primary_before=round(share(between(timeline, 0, hurt), "primary"), 4),
        fallback_share=round(share(during, "fallback"), 4),
        recovery=recovery(timeline, back),
        worst_ms=latency["max"],
        p99_ms=latency["p99"],
    )


def between(timeline: Sequence[Bucket], begin: float, end: float) -> list[Bucket]:
    """Buckets that lie wholly between two moments."""
    return [bucket for bucket in timeline if bucket["at"] >= begin and bucket["at"] + BUCKET_SECONDS <= end + 1e-9]


def share(buckets: Sequence[Bucket], served_by: str) -> float:
    """Share of all requests due in these buckets that this tier served; 0 without requests."""
    total = summed(buckets, lambda bucket: bucket["ok"] + bucket["failed"])
    return summed(buckets, lambda bucket: bucket["counts"][served_by]) / total if total else 0.0


def summed(buckets: Sequence[Bucket], value: Callable[[Bucket], int]) -> int:
    """Sum over buckets."""
    return sum(value(bucket) for bucket in buckets)


def recovery(timeline: Sequence[Bucket], back: float) -> float | None:
    """Seconds from the return to the first whole second that the primary serves again."""
    length = round(SETTLED_SECONDS / BUCKET_SECONDS)
    for first in range(len(timeline) - length + 1):
        window = timeline[first : first + length]
        begins: float = window[0]["at"]
        if begins >= back - BUCKET_SECONDS and share(window, "primary") >= REQUIRED_SHARE:
            return round(max(0.0, begins - back), 2)
    return None
