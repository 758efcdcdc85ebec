"""What became of those who were answered, as the last report on outcomes has it; whoever shows that is a process of its
own.
"""

from churn_monitoring.outcomes import metrics as outcomes
from churn_monitoring.outcomes import shown
from churn_serving.telemetry import names
from ci.dashboards.panels import NOTHING, SHARES, Panel, Scale, Series, bars, figure, graph, listing
from ci.dashboards.queries import age, equals, largest, matches, rate, total

_ALL = equals("slice", "all")
_PARTS = 'slice!="all"'
_ESTIMATE = equals("bound", "estimate")
_OF_MODEL = matches(names.DIGEST, "$digest")
_BOUNDED = "{{digest}} {{bound}}"
_UNBOUNDED = Scale(least=None)
_PART_COLUMNS = {"slice": "By", "level": "Of them"}
_EFFECT_HEIGHT = 14
"""Lines of the grid: a dozen rows, two campaigns by a few segments and groups."""
_OLD = 45 * 86400.0


def panels() -> list[Panel]:
    """How much is known, how good the answers were, for whom, and what campaigns have changed."""
    graphs = [_auc(), _calibration(), _profit(), _losses(), _slope(), _best()]
    return [*_figures(), *_provenance(), *graphs, _states(), *_by_parts(), _effect(), _effect_customers()]


def _figures() -> list[Panel]:
    known = total(outcomes.CUSTOMERS, _ALL, _OF_MODEL)
    left = largest(outcomes.CHURN_RATE, _ALL, _OF_MODEL, _ESTIMATE)
    earned = total(outcomes.EARNED, _ALL, _OF_MODEL, _ESTIMATE)
    advised = total(outcomes.DECIDED, _ALL, _OF_MODEL)
    corrected = "Of them, of whom something was said before that contradicts what counts now."
    return [
        figure("Customers judged", "Whose outcome is known.", "short", Series(known, "customers")),
        figure("Left", "Share of them that left.", "percentunit", Series(left, "left")),
        figure("Corrected", corrected, "short", Series(largest(outcomes.CORRECTED), "corrected")),
        figure("Decided", "Customers who were recommended an action, or none.", "short", Series(advised, "decided")),
        figure(
            "Earned",
            "What recommended actions have brought in all, in the use case's money.",
            "short",
            Series(earned, "earned"),
        ),
        figure(
            "No report yet",
            "1 where none has been kept.",
            "short",
            Series(largest(shown.MISSING), "missing"),
            steps=((None, "green"), (1, "orange")),
        ),
    ]


def _provenance() -> list[Panel]:
    return [
        figure("Answers from", "How long ago the first judged day was.", "s", Series(age(outcomes.FIRST_DAY), "ago")),
        figure("Answers until", "How long ago the last judged day was.", "s", Series(age(outcomes.LAST_DAY), "ago")),
        figure(
            "Known until",
            "How long ago the last day was of which outcomes are known.",
            "s",
            Series(age(outcomes.AS_OF), "ago"),
            steps=((None, "green"), (0.7 * _OLD, "orange"), (_OLD, "red")),
        ),
        figure(
            "Said until",
            "How long ago the last label that counts in the report was loaded.",
            "s",
            Series(age(outcomes.SAID_UNTIL), "ago"),
        ),
        figure(
            "Since the last look",
            "How long ago a new report was last looked for.",
            "s",
            Series(age(shown.LAST_LOOK), "since"),
        ),
        figure(
            "Looks that failed",
            "In a second; what was shown before stays.",
            "short",
            Series(rate(shown.FAILURES), "failed"),
        ),
    ]


def _bounded(metric: str) -> Series:
    return Series(largest(metric, _ALL, _OF_MODEL, by=f"{names.DIGEST}, bound"), _BOUNDED)


def _plain(metric: str, words: str) -> Series:
    return Series(largest(metric, _ALL, _OF_MODEL, by=names.DIGEST), f"{{{{digest}}}} {words}")


def _auc() -> Panel:
    words = (
        "Of two customers, one who left and one who stayed: how often the first had the higher probability. With its "
        "interval of 95 %, by model."
    )
    return graph("AUC", words, "short", _bounded(outcomes.AUC), scale=SHARES)


def _calibration() -> Panel:
    words = (
        "Share of those who left less the mean probability that they were given; 0 is right. With its interval of "
        "95 %, by model, beside the mean distance over tenths of the customers."
    )
    series = [_bounded(outcomes.CALIBRATION_DIFFERENCE), _plain(outcomes.CALIBRATION_ERROR, "over tenths")]
    return graph("Calibration", words, "short", *series, scale=_UNBOUNDED)


def _profit() -> Panel:
    words = (
        "What recommended actions bring, a customer, now that outcomes are known, with its interval of 95 %; beside "
        "what was expected of them."
    )
    series = [_bounded(outcomes.PROFIT), _plain(outcomes.EXPECTED_PROFIT, "expected")]
    return graph("Profit a customer", words, "short", *series, scale=_UNBOUNDED)


def _losses() -> Panel:
    words = (
        "Brier score (mean squared distance of probability and outcome) with its interval of 95 %, and logarithmic "
        "loss, by model; less is better."
    )
    return graph("Losses", words, "short", _bounded(outcomes.BRIER), _plain(outcomes.LOG_LOSS, "logarithmic"))


def _slope() -> Panel:
    words = (
        "Slope of outcomes over the log-odds of probabilities: 1 is right, less is too sure of itself, more not sure "
        "enough. With its interval of 95 %, by model."
    )
    return graph("Calibration slope", words, "short", _bounded(outcomes.CALIBRATION_SLOPE), scale=_UNBOUNDED)


def _best() -> Panel:
    words = (
        "What a campaign by these probabilities could bring at most, a customer (EMPC). With its interval of 95 %, by "
        "model."
    )
    return graph("Best campaign, a customer", words, "short", _bounded(outcomes.EMPC))


def _states() -> Panel:
    words = "Answers of the month by what is known of them; only those whose window is over are judged."
    return bars(
        "Answers", words, "short", Series(total(outcomes.ANSWERS, _OF_MODEL, by="state"), "{{state}}"), width=12
    )


def _by_parts() -> list[Panel]:
    calibration = (
        "Share of those who left less mean probability, by segment and group: who was told too little or too much."
    )
    auc = largest(outcomes.AUC, _PARTS, _OF_MODEL, _ESTIMATE, by="slice, level")
    profit = "By whom the recommended actions earn, a customer, and by whom they lose."
    return [
        bars(
            "AUC by segment and group",
            "The same by segment and group: for whom the model tells less.",
            "short",
            Series(auc, "{{slice}} {{level}}"),
            width=12,
        ),
        _signed("Profit by segment and group", profit, outcomes.PROFIT),
        _signed("Calibration by segment and group", calibration, outcomes.CALIBRATION_DIFFERENCE),
    ]


def _signed(title: str, words: str, metric: str) -> Panel:
    """A table: a bar from the left says nothing of what may be below zero."""
    return listing(title, words, _PART_COLUMNS, *_interval(metric, _PARTS, by="slice, level"), unit="short")


def _interval(metric: str, *matchers: str, by: str) -> list[Series]:
    """An estimate and its interval of 95 %."""
    return [
        Series(largest(metric, *matchers, _OF_MODEL, equals("bound", bound), by=by), bound.capitalize())
        for bound in ("estimate", "lower", "upper")
    ]


def _effect() -> Panel:
    words = (
        "By how much fewer of those who were contacted have left than of those who were left alone by chance, with its "
        "interval of 95 %; for campaigns whose plan the report was given."
    )
    found = _interval(outcomes.EFFECT, by="arm, slice, level")
    columns = {"arm": "Campaign", **_PART_COLUMNS}
    panel = listing("Effect of campaigns", words, columns, *found, width=16, unit="percentunit", empty=NOTHING)
    return panel.height(_EFFECT_HEIGHT)


def _effect_customers() -> Panel:
    words = "Customers who were contacted and who were left alone by chance: of whom the effect is told."
    found = largest(outcomes.EFFECT_CUSTOMERS, _ALL, _OF_MODEL, by="arm, side")
    return bars("Customers of campaigns", words, "short", Series(found, "{{arm}}: {{side}}"), empty=NOTHING)
