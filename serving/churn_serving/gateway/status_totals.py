"""What a gateway has counted so far, read out of its own metrics, and what happened between two such readings.

It reads families as a scraper would, so the page that is made of it can say nothing that metrics do not.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from prometheus_client import Metric

from churn_serving.telemetry import names

_BUCKET = f"{names.REQUEST_SECONDS}_bucket"
_SUMS = {
    f"{names.SCORES}_count": "customers",
    f"{names.SCORES}_sum": "probabilities",
    names.PROCESS_CPU_SECONDS: "processor_seconds",
    names.PROCESS_MEMORY: "memory",
}
_OTHERS = ("fallback", "degraded")
_NOBODY = "none"
_UNUSUAL = (names.EXPLAIN, names.LARGE)
_GAVE_UP = "499"  # a caller who hung up waited as long as others
Labels = tuple[tuple[str, str], ...]


@dataclass
class Totals:
    """One reading at ``time`` (Unix). ``ours``: requests that were ours to answer, without the callers' mistakes;
    ``served``: those that somebody answered; ``within``: predictions by the bound of seconds that they were within, the
    last bound infinite; ``gauges``: everything that is, by metric and labels."""

    time: float
    requests: float = 0.0
    ours: float = 0.0
    served: float = 0.0
    failed: float = 0.0
    by_others: float = 0.0
    customers: float = 0.0
    probabilities: float = 0.0
    processor_seconds: float = 0.0
    memory: float = 0.0
    within: dict[float, float] = field(default_factory=dict)
    gauges: dict[str, dict[Labels, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Interval:
    """What happened until ``time``, since the reading before; None where nothing did. Rates are per second, shares from
    0 to 1, latencies in seconds, memory in bytes."""

    time: float
    requests: float
    customers: float
    failed: float | None
    by_others: float | None
    median: float | None
    slowest_percent: float | None
    probability: float | None
    processor: float
    memory: float


def read_totals(families: Iterable[Metric], time: float) -> Totals:
    """One reading."""
    totals = Totals(time)
    for family in families:
        for sample in family.samples:
            _take(totals, sample.name, sample.labels, sample.value)
        if family.type == "gauge":
            totals.gauges[family.name] = {tuple(one.labels.items()): one.value for one in family.samples}
    return totals


def _take(totals: Totals, name: str, labels: Mapping[str, str], value: float) -> None:
    if name == names.REQUESTS:
        totals.requests += value
        totals.ours += 0 if labels[names.CODE].startswith("4") else value
        totals.served += 0 if labels[names.SERVED_BY] == _NOBODY else value
        totals.failed += value if labels[names.CODE].startswith("5") else 0
        totals.by_others += value if labels[names.SERVED_BY] in _OTHERS else 0
    elif name == _BUCKET and _is_usual(labels):
        bound = float(labels["le"])
        totals.within[bound] = totals.within.get(bound, 0.0) + value
    elif name in _SUMS:
        attribute = _SUMS[name]
        setattr(totals, attribute, getattr(totals, attribute) + value)


def _is_usual(labels: Mapping[str, str]) -> bool:
    """Whether it is of those that latency is promised for."""
    code = labels[names.CODE]
    return not labels[names.ROUTE].endswith(_UNUSUAL) and (code.startswith("2") or code == _GAVE_UP)


def between(earlier: Totals, later: Totals) -> Interval:
    """What happened from one reading to a later one. Series of former models go, so a total may be less than it was:
    such an interval counts as empty, and no share is above one."""
    seconds = later.time - earlier.time
    requests, ours, failed, served, by_others, customers = (
        max(0.0, getattr(later, name) - getattr(earlier, name))
        for name in ("requests", "ours", "failed", "served", "by_others", "customers")
    )
    given = max(0.0, later.probabilities - earlier.probabilities)
    within = {bound: max(0.0, count - earlier.within.get(bound, 0.0)) for bound, count in later.within.items()}
    return Interval(
        time=later.time,
        requests=requests / seconds,
        customers=customers / seconds,
        failed=_share(failed, ours),
        by_others=_share(by_others, served),
        median=quantile(within, 0.5),
        slowest_percent=quantile(within, 0.99),
        probability=_share(given, customers),
        processor=max(0.0, later.processor_seconds - earlier.processor_seconds) / seconds,
        memory=later.memory,
    )


def _share(part: float, whole: float) -> float | None:
    return min(1.0, part / whole) if whole else None


def quantile(within: Mapping[float, float], share: float) -> float | None:
    """The latency that this share is below of, as Prometheus estimates it: linear within a bucket, at most the
    largest finite bound. None of nothing."""
    bounds = sorted(within)
    if not bounds or not within[bounds[-1]]:
        return None
    rank = share * within[bounds[-1]]
    low, below = 0.0, 0.0
    for bound in bounds[:-1]:
        if within[bound] >= rank:
            return low + (bound - low) * (rank - below) / (within[bound] - below)
        low, below = bound, within[bound]
    return low
