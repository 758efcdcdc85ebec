"""The adapter to Prometheus: what gateways counted, asked over HTTP. Nothing else here knows PromQL or metrics' names.

Counters are read as they stood at the borders of blocks and subtracted here, series by series: `increase` extrapolates
to numbers that nobody counted, and a test of counts believes every one of them.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import combinations
from typing import Any, TypeVar

import httpx
import numpy as np
from numpy.typing import NDArray

from churn_delivery.rollout.counts import Counts, Observed, Window
from churn_delivery.rollout.differences import BOUNDS, Differences
from churn_delivery.rollout.errors import ClockDiffers, MetricsAway, NothingCounted, RolloutRefused
from churn_delivery.rollout.evidence import Array
from churn_delivery.rollout.prometheus_answers import (
    NOT_OF_ITS_FORM,
    Process,
    bound,
    counted_twice,
    matrix,
    process_of,
    scalar,
    told,
    vector,
)

SECONDS = 30.0
"""How long an answer may take."""
CLOCK_SECONDS = 60.0
"""How far two clocks may be apart."""
STALE_SECONDS = 180.0
"""How old the newest count may be."""
CALLS, SECONDS_BUCKET = "churn_backend_calls_total", "churn_backend_seconds_bucket"
LEFT, SCORES_BUCKET = "churn_fallback_total", "churn_scores_bucket"
SHARE, MODEL_INFO = "churn_canary_share", "churn_model_info"
SHADOW_SHARE, SHADOW_CALLS = "churn_shadow_share", "churn_shadow_calls_total"
SHADOW_BUCKET, SHADOW_SHIFT = "churn_shadow_difference_bucket", "churn_shadow_shift_total"
FAILURES = ("unreachable", "failed", "rejected", "bad_answer", "error")
LATE, ANSWERED, OPEN = "timeout", "answered", "open"
NOT_ITS_FAULT = ("refused", "version")
"""Reasons to go on from a backend that lie with the request."""
CANARY, PRIMARY = "canary", "primary"
_LOOK_BACK = 240.0
"""What Prometheus calls present is up to five minutes old."""

T = TypeVar("T")
_Series = list[tuple[dict[str, str], Array]]


class Prometheus:
    """One that scrapes the gateways; `labels`: what tells this release's series from others'."""

    def __init__(self, url: str, labels: Mapping[str, str]) -> None:
        self._url = url.rstrip("/")
        self._matchers = "".join(f",{name}={json.dumps(value)}" for name, value in sorted(labels.items()))
        try:
            parsed = httpx.URL(self._url)
        except httpx.InvalidURL:
            parsed = httpx.URL("")
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise RolloutRefused("--prometheus: is not an address such as http://prometheus:9090")
        self._shown = f"{parsed.scheme}://{parsed.netloc.decode().rpartition('@')[2]}{parsed.path.rstrip('/')}"

    def require_clock(self, now: datetime) -> None:
        """That newest counts are of this moment (:class:`churn_delivery.rollout.counts.Gateways`)."""
        theirs = self._asked(scalar, "query", query="time()")
        if abs(theirs - now.timestamp()) > CLOCK_SECONDS:
            raise ClockDiffers(
                f"{self._shown}: its clock says {told(theirs)} where ours says {told(now.timestamp())}; nothing is "
                "decided until they agree"
            )
        newest = [self._newest(now.timestamp() + ahead) for ahead in (_LOOK_BACK, 0.0)]
        ahead, present = newest
        if ahead is not None and ahead - now.timestamp() > CLOCK_SECONDS:
            raise ClockDiffers(
                f"{self._shown}: the newest count of {SHARE} is said to be of {told(ahead)}, which is to come; "
                "nothing is decided by a clock that lies"
            )
        if present is None:
            raise NothingCounted(
                f"{self._shown}: has no {SHARE} of the last minutes{self._where()}; does it scrape the gateways?"
            )
        if now.timestamp() - present > STALE_SECONDS:
            raise ClockDiffers(
                f"{self._shown}: the newest count of {SHARE} is of {told(present)}, too long ago to decide by"
            )

    def shares(self, *, shadow: bool = False) -> tuple[float, float]:
        """The smallest and the largest share now, in percent."""
        metric = SHADOW_SHARE if shadow else SHARE
        found = [value for _, value in self._vector(self._of(metric))]
        if not found:
            raise NothingCounted(f"{self._shown}: has no {metric}{self._where()}; does it scrape the gateways?")
        return min(found) * 100, max(found) * 100

    def serves(self, backend: str) -> frozenset[str]:
        """Digests seen at a backend now."""
        return frozenset(labels.get("digest", "") for labels, _ in self._vector(self._of(MODEL_INFO, backend=backend)))

    def observe(self, window: Window, canary: str, slow_seconds: float) -> Observed:
        """What was counted in a window's blocks in which every gateway gave the share of customers."""
        borders = _Borders(self, window, canary)
        counts = borders.counts(CANARY, slow_seconds, canary), borders.counts(PRIMARY, slow_seconds, None)
        return Observed(*counts, borders.differences(canary) if window.shadow else None, borders.met)

    def series(self, window: Window, metric: str, extra: str = "", **labels: str) -> _Series:
        """Series at the borders of a window's blocks, shape (blocks + 1,); not a number where there was none."""
        end = window.start + window.blocks * window.seconds
        selector = self._of(metric, extra, **labels)
        times = {"start": window.start, "end": end, "step": window.seconds}
        return self._asked(lambda found: matrix(found, window), "query_range", query=selector, **times)

    def require_once(self, shares: _Series) -> None:
        """That no gateway is counted twice at once, by two scrape jobs or two Prometheuses behind one address: a test
        would take what was seen once for seen twice.

        Raises:
            RolloutRefused: one is; names the label that tells its series from each other.
        """
        for (one, values), (other, others) in combinations(shares, 2):
            label = counted_twice(one, other)
            if label and (~np.isnan(values) & ~np.isnan(others)).any():
                raise RolloutRefused(
                    f"{self._shown}: counts {one['instance']} more than once ({label}); --label "
                    f"{label}={one.get(label, '')} takes one of them"
                )

    def _of(self, metric: str, extra: str = "", **labels: str) -> str:
        own = "".join(f",{name}={json.dumps(value)}" for name, value in labels.items())
        return f"{metric}{{{(own + extra + self._matchers).removeprefix(',')}}}"

    def _newest(self, at: float) -> float | None:
        found = self._vector(f"max(timestamp({self._of(SHARE)}))", at)
        return found[0][1] if found else None

    def _vector(self, query: str, at: float | None = None) -> list[tuple[dict[str, str], float]]:
        moment = {} if at is None else {"time": at}
        return self._asked(vector, "query", query=query, **moment)

    def _where(self) -> str:
        return f" with {self._matchers.removeprefix(',')}" if self._matchers else ""

    def _asked(self, read: Callable[[Any], T], path: str, **parameters: str | float) -> T:
        try:
            answer = httpx.post(f"{self._url}/api/v1/{path}", data=parameters, timeout=SECONDS)
            document = answer.json()
            if document["status"] == "success":
                return read(document["data"]["result"])
            reason = f"{document.get('errorType')}: {document.get('error')}"
        except httpx.HTTPError as error:
            reason = type(error).__name__
        except NOT_OF_ITS_FORM:
            reason = f"HTTP {answer.status_code}, and not in Prometheus's words"
        raise MetricsAway(f"{self._shown}: does not answer ({' '.join(reason.split())[:160]}); nothing is decided")


class _Borders:
    """Counters at the borders of a window's blocks."""

    def __init__(self, prometheus: Prometheus, window: Window, canary: str) -> None:
        self._prometheus, self._window = prometheus, window
        metric, percent = (SHADOW_SHARE, window.shadow) if window.shadow else (SHARE, window.percent)
        found = prometheus.series(window, metric)
        prometheus.require_once(found)
        shares = {process_of(labels): values for labels, values in found}
        self._there = {process: ~np.isnan(values) for process, values in shares.items()}
        stacked = np.array(list(shares.values())).reshape(len(shares), window.blocks + 1)
        right = np.isnan(stacked) | np.isclose(stacked, percent / 100)
        at_all = np.asarray((~np.isnan(stacked)).any(axis=0) & right.all(axis=0))
        met = self._met(stacked, list(shares), canary, at_all)
        self.met = bool(met.any())
        self._valid = at_all[1:] & at_all[:-1] & met[:-1]
        self._scores = prometheus.series(window, SCORES_BUCKET, f',served_by=~"{CANARY}|{PRIMARY}"')
        self._bounds = sorted({labels["le"] for labels, _ in self._scores} | {"+Inf"}, key=bound)

    def _met(
        self, shares: Array, processes: Sequence[Process], canary: str, deployed: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """At which borders all gateways have met the canary's model since they give the share: what they knew before
        was of another rollout. Who begins later may find it dead: that counts."""
        models = self._prometheus.series(self._window, MODEL_INFO, backend=CANARY, digest=canary)
        known = {process_of(labels): ~np.isnan(values) for labels, values in models}
        nobody = np.zeros(self._window.blocks + 1, dtype=bool)
        knows = np.array([known.get(process, nobody) for process in processes]).reshape(shares.shape)
        return np.asarray(np.maximum.accumulate(deployed & (knows | np.isnan(shares)).all(axis=0)))

    def counts(self, backend: str, slow_seconds: float, digest: str | None) -> Counts:
        """What a backend's counters grew by in each block that counts."""
        mine = "" if digest is None else f",digest=~{json.dumps(f'{digest}|')}"
        calls = self._prometheus.series(self._window, CALLS, mine, backend=backend)
        if digest is not None and self._window.shadow:  # what its breaker has kept from it: copies go on to nobody
            calls += self._prometheus.series(self._window, SHADOW_CALLS, mine, outcome=OPEN)
        bounds = f",outcome={json.dumps(ANSWERED)},le=~{json.dumps(f'{slow_seconds}|[+]Inf')}"
        seconds = self._prometheus.series(self._window, SECONDS_BUCKET, bounds, backend=backend)
        left = self._prometheus.series(self._window, LEFT, backend=backend)
        scores = [
            each for each in self._scores if each[0]["served_by"] == backend and digest in (None, each[0]["digest"])
        ]
        by_bound = [self._grown(scores, "le", (le,)) for le in self._bounds]
        within = self._grown(seconds, "le", (str(slow_seconds),))
        every = self._grown(seconds, "le", ("+Inf",))
        reasons = {labels["reason"] for labels, _ in left} - set(NOT_ITS_FAULT)
        answered = self._grown(calls, "outcome", (ANSWERED,))
        return Counts(
            answered,
            self._grown(calls, "outcome", (*FAILURES, OPEN)),
            self._grown(calls, "outcome", (LATE,)),
            np.clip(every - within, 0.0, answered),
            self._grown(left, "reason", tuple(reasons)),
            by_bound[-1],
            np.stack(by_bound, axis=1),
        )

    def differences(self, digest: str) -> Differences:
        """By how much the model of this digest differs from the primary's, of copies in each block that counts."""
        mine = f",digest={json.dumps(digest)}"
        within = self._prometheus.series(self._window, SHADOW_BUCKET, mine)
        shifts = self._prometheus.series(self._window, SHADOW_SHIFT, mine)
        calls = self._prometheus.series(self._window, SHADOW_CALLS, mine)
        return Differences(
            self._grown(within, "le", ("+Inf",)),
            self._grown(calls, "outcome", (ANSWERED,)),
            self._grown(shifts, "direction", ("higher",)),
            self._grown(shifts, "direction", ("lower",)),
            np.stack([self._grown(within, "le", (str(each),)) for each in BOUNDS], axis=1),
        )

    def _grown(self, series: _Series, label: str, values: Sequence[str]) -> Array:
        total = np.zeros(self._window.blocks)
        for labels, values_at in series:
            if labels[label] in values:
                total += self._growth(process_of(labels), values_at)
        return np.asarray(total[self._valid])

    def _growth(self, process: Process, at: Array) -> Array:
        """What a counter grew by: from zero where its process was there without it, or has begun anew; a process that
        was not there says nothing of the time before."""
        was_there = self._there.get(process, np.zeros(len(at), dtype=bool))[:-1]
        former, present = np.where(np.isnan(at[:-1]) & was_there, 0.0, at[:-1]), at[1:]
        growth = np.where(present < former, present, present - former)
        return np.asarray(np.nan_to_num(growth, nan=0.0))
