"""What is seen by looking back at answers: whether customers are still those of the training, and what became of them.

Its metrics come from processes of their own: the drift watch, and whoever shows the last report on outcomes.
"""

from churn_monitoring.drift import metrics as drift
from churn_monitoring.outcomes import metrics as outcomes
from churn_monitoring.outcomes import shown
from churn_serving.telemetry import names
from ci.dashboards.panels import NOTHING, SHARES, Panel, Scale, Series, bars, figure, graph
from ci.dashboards.queries import age, equals, largest, matches, rate, share, total

_ALL = equals("slice", "all")
_PARTS = 'slice!="all"'
_ESTIMATE = equals("bound", "estimate")
_OF_MODEL = matches(names.DIGEST, "$digest")
_BOUNDED = "{{digest}} {{bound}}"
_UNBOUNDED = Scale(least=None)


def of_drift() -> list[Panel]:
    """Whether customers are those whom the model was made of."""
    return [*_drift_figures(), _evidence(), _stability(), _drifted(), _movement(), _moved_by(), _shares()]


def _drift_figures() -> list[Panel]:
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


def of_outcomes() -> list[Panel]:
    """What became of those who were answered, as the last report has it."""
    intervals = [
        _interval("AUC", "Of two customers, one who left and one who stayed: how often the first had the higher "
                  "probability.", outcomes.AUC, SHARES),
        _interval("Calibration", "Share of those who left less the mean probability that they were given; 0 is right.",
                  outcomes.CALIBRATION_DIFFERENCE, _UNBOUNDED),
        _profit(),
    ]  # fmt: skip
    return [*_outcome_figures(), *intervals, _states(), _auc_by_part(), _profit_by_part(), _calibration(), _effect()]


def _outcome_figures() -> list[Panel]:
    known = total(outcomes.CUSTOMERS, _ALL, _OF_MODEL)
    old = 45 * 86400.0
    return [
        figure("Customers judged", "Whose outcome is known.", "short", Series(known, "customers")),
        figure(
            "Left",
            "Share of them that left.",
            "percentunit",
            Series(largest(outcomes.CHURN_RATE, _ALL, _OF_MODEL, _ESTIMATE), "left"),
        ),
        figure(
            "Earned",
            "What recommended actions have brought in all, in the use case's money.",
            "short",
            Series(total(outcomes.EARNED, _ALL, _OF_MODEL, _ESTIMATE), "earned"),
        ),
        figure(
            "Known until",
            "How long ago the last day was of which outcomes are known.",
            "s",
            Series(age(outcomes.AS_OF), "ago"),
            steps=((None, "green"), (0.7 * old, "orange"), (old, "red")),
        ),
        figure(
            "Answers until",
            "How long ago the last day was whose answers are judged.",
            "s",
            Series(age(outcomes.LAST_DAY), "ago"),
        ),
        figure(
            "No report yet",
            "1 where none has been kept.",
            "short",
            Series(largest(shown.MISSING), "missing"),
            steps=((None, "green"), (1, "orange")),
        ),
    ]


def _interval(title: str, words: str, metric: str, scale: Scale) -> Panel:
    by = f"{names.DIGEST}, bound"
    series = Series(largest(metric, _ALL, _OF_MODEL, by=by), _BOUNDED)
    return graph(title, f"{words} With its interval of 95 %, by model.", "short", series, scale=scale)


def _profit() -> Panel:
    words = (
        "What recommended actions bring, a customer, now that outcomes are known, with its interval of 95 %; beside "
        "what was expected of them."
    )
    bounded = Series(largest(outcomes.PROFIT, _ALL, _OF_MODEL, by=f"{names.DIGEST}, bound"), _BOUNDED)
    expected = Series(largest(outcomes.EXPECTED_PROFIT, _ALL, _OF_MODEL, by=names.DIGEST), "{{digest}} expected")
    return graph("Profit a customer", words, "short", bounded, expected, scale=_UNBOUNDED)


def _states() -> Panel:
    words = "Answers of the month by what is known of them; only those whose window is over are judged."
    return bars(
        "Answers", words, "short", Series(total(outcomes.ANSWERS, _OF_MODEL, by="state"), "{{state}}"), width=12
    )


def _by_part(metric: str) -> Series:
    found = largest(metric, _PARTS, _OF_MODEL, _ESTIMATE, by="slice, level")
    return Series(found, "{{slice}} {{level}}")


def _auc_by_part() -> Panel:
    words = "The same by segment and group: for whom the model tells less."
    return bars("AUC by segment and group", words, "short", _by_part(outcomes.AUC), width=12)


def _profit_by_part() -> Panel:
    words = "By whom the recommended actions earn, a customer, and by whom they lose."
    return bars("Profit by segment and group", words, "short", _by_part(outcomes.PROFIT), width=12, scale=_UNBOUNDED)


def _calibration() -> Panel:
    words = "Share of those who left less mean probability, by segment and group: who was told too little or too much."
    series = _by_part(outcomes.CALIBRATION_DIFFERENCE)
    return bars("Calibration by segment and group", words, "short", series, width=12, scale=_UNBOUNDED)


def _effect() -> Panel:
    words = (
        "By how much fewer of those who were contacted have left than of those who were left alone by chance, with its "
        "interval of 95 %; for campaigns whose plan the report was given."
    )
    whole = Series(largest(outcomes.EFFECT, _ALL, _OF_MODEL, by="arm, bound"), "{{arm}}: {{bound}}")
    parts = largest(outcomes.EFFECT, _PARTS, _OF_MODEL, by="arm, slice, level, bound")
    by_part = Series(parts, "{{arm}}: {{slice}} {{level}}, {{bound}}")
    return bars("Effect of campaigns", words, "percentunit", whole, by_part, width=24, scale=_UNBOUNDED, empty=NOTHING)
