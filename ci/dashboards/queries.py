"""PromQL as every panel writes it: of the chosen jobs, over the interval that Grafana says fits the picture."""

from churn_serving.telemetry import names

JOB = 'job=~"$job"'
"""The jobs that were chosen; every metric of a process has one."""
_WINDOW = "$__rate_interval"


def select(metric: str, *matchers: str) -> str:
    """The series of a metric of the chosen jobs; matchers as ``code="500"``."""
    return f"{metric}{{{', '.join((JOB, *matchers))}}}"


def total(metric: str, *matchers: str, by: str = "") -> str:
    """A gauge summed over everything but these labels."""
    return f"{_aggregated('sum', by)}({select(metric, *matchers)})"


def largest(metric: str, *matchers: str, by: str = "") -> str:
    """The largest value of a gauge by these labels."""
    return f"{_aggregated('max', by)}({select(metric, *matchers)})"


def rate(metric: str, *matchers: str, by: str = "") -> str:
    """How often a counter counts in a second."""
    return f"{_aggregated('sum', by)}(rate({select(metric, *matchers)}[{_WINDOW}]))"


def increase(metric: str, *matchers: str, by: str = "") -> str:
    """How often a counter has counted in the interval of one point."""
    return f"{_aggregated('sum', by)}(increase({select(metric, *matchers)}[{_WINDOW}]))"


def quantile(share: float, histogram: str, *matchers: str, by: str = "") -> str:
    """What this share of a histogram's observations is below of."""
    labels = ", ".join(filter(None, ("le", by)))
    return f"histogram_quantile({share}, {rate(f'{histogram}_bucket', *matchers, by=labels)})"


def mean(histogram: str, *matchers: str, by: str = "") -> str:
    """The mean of a histogram's observations; none without observations."""
    return f"{rate(f'{histogram}_sum', *matchers, by=by)} / {rate(f'{histogram}_count', *matchers, by=by)}"


def share(part: str, whole: str, on: str | None = None) -> str:
    """Which share one is of the other; ``on``: labels that both have, where the other has fewer."""
    matching = "" if on is None else f" on ({on}) group_left ()"
    return f"{part} /{matching} {whole}"


def age(metric: str, *matchers: str, by: str = "") -> str:
    """Seconds since the latest of these moments in Unix time."""
    return f"time() - {largest(metric, *matchers, by=by)}"


def equals(label: str, value: str) -> str:
    """A matcher: the label is this."""
    return f'{label}="{value}"'


def matches(label: str, pattern: str) -> str:
    """A matcher: the label fits this."""
    return f'{label}=~"{pattern}"'


def differs(label: str, pattern: str) -> str:
    """A matcher: the label does not fit this."""
    return f'{label}!~"{pattern}"'


USUAL = differs(names.ROUTE, f".*({names.EXPLAIN}|{names.LARGE})")
"""Requests that latency is promised for."""


OURS = differs(names.CODE, "4..")
"""Requests that were ours to answer: what a caller did wrong counts for neither side."""


def _aggregated(function: str, by: str) -> str:
    return f"{function} by ({by}) " if by else function
