"""What the drift watch sees: whether customers are still those of the training. It is a process of its own."""

from churn_monitoring.drift import metrics as drift
from churn_serving.telemetry import names
from ci.dashboards.panels import NOTHING, Panel, Scale, Series, bars, figure, graph
from ci.dashboards.queries import age, largest, rate, share, total

_UNBOUNDED = Scale(least=None)


def panels() -> list[Panel]:
    """Whether customers are those whom the model was made of."""
    return [*_figures(), _evidence(), _stability(), _drifted(), _movement(), _moved_by(), _shares()]


def _figures() -> list[Panel]:
    late = 1800.0
    return [
        figure(
            "Columns that drift",
            "Features, and the model's own score and segments, that are not as in the training.",
            "short",
            Series(total(drift.DRIFTED), "columns"),
            steps=((None, "green"), (1, "red")),
        ),
        figure(
            "Since the last look",
            "How long ago the drift watch looked at the log.",
            "s",
            Series(age(drift.LAST_LOOK), "since"),
            steps=((None, "green"), (late / 2, "orange"), (late, "red")),
        ),
        figure(
            "Customers looked at",
            "Since the present model was made.",
            "short",
            Series(largest(drift.CUSTOMERS), "customers"),
        ),
        figure(
            "Looks that failed",
            "In a second; object storage that does not answer.",
            "short",
            Series(rate(drift.FAILURES), "failed"),
        ),
        figure(
            "Tables left out",
            "Of the log, since nobody can read them.",
            "short",
            Series(largest(drift.UNREADABLE), "tables"),
            steps=((None, "green"), (1, "orange")),
        ),
        figure(
            "Model without a profile",
            "1: its package does not say who its customers were, so nothing is watched.",
            "short",
            Series(largest(drift.UNKNOWN), "without"),
            steps=((None, "green"), (1, "red")),
        ),
    ]


def _evidence() -> Panel:
    words = (
        "How near each column is to an alarm, as powers of ten: at 0 it is one, at -2 a hundredth of the evidence. "
        "After an alarm it begins anew."
    )
    series = Series(largest(drift.EVIDENCE, by="column"), "{{column}}")
    return graph(
        "Evidence of drift", words, "short", series, width=12, scale=Scale(((None, "green"), (0, "red")), least=None)
    )


def _stability() -> Panel:
    words = "Population stability index of late customers: below 0.1 little, above 0.25 much, as the trade has it."
    series = Series(largest(drift.STABILITY, by="column"), "{{column}}")
    steps = ((None, "green"), (0.1, "orange"), (0.25, "red"))
    return graph("Stability", words, "short", series, width=12, scale=Scale(steps))


def _drifted() -> Panel:
    words = "Columns that have drifted and not come back. What to do: the page of ChurnDriftFound."
    found = f"{largest(drift.DRIFTED, by='column')} == 1"
    return bars("Which columns drift", words, "short", Series(found, "{{column}}"), empty=NOTHING)


def _movement() -> Panel:
    words = "By how much the mean log-odds of answers lie above or below those of the training."
    return graph("Answers moved", words, "short", Series(largest(drift.MOVED), "log-odds"), scale=_UNBOUNDED)


def _moved_by() -> Panel:
    words = "Each feature's part in that, in log-odds; the rest is of chance, interactions and what is not kept."
    series = Series(largest(drift.MOVED_BY, by=names.FEATURE), "{{feature}}")
    return graph("Answers moved by feature", words, "short", series, scale=_UNBOUNDED)


def _shares() -> Panel:
    words = "Which share of all that features have moved answers by, up or down, is each feature's own."
    moved = f"abs({largest(drift.MOVED_BY, by=names.FEATURE)})"
    shares = share(moved, f"scalar(sum({moved}))")
    return bars("Share of the movement", words, "percentunit", Series(shares, "{{feature}}"))
