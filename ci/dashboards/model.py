"""What the model says of customers, and what they are like: the first to show that something drifts."""

from grafana_foundation_sdk.models import dashboard as models

from churn_serving.telemetry import names
from ci.dashboards import drift, outcomes
from ci.dashboards.layout import JOBS, Choice, Row, dashboard
from ci.dashboards.panels import NOTHING, SHARES, Panel, Series, bars, distribution, figure, graph
from ci.dashboards.queries import age, equals, matches, mean, quantile, rate, share

_CHOSEN = matches(names.DIGEST, "$digest")
_SCORED = f"{names.SCORES}_count"
_MODEL = Choice("digest", "Model", _SCORED, names.DIGEST)


def build() -> models.Dashboard:
    """The dashboard of those who answer for the model."""
    rows = [
        Row("Now", _figures()),
        Row("Probabilities", [_distribution(), _quantiles(), _means(), _by_server()]),
        Row("Segments and actions", [_segments(), _actions(), _segment_actions()]),
        Row("What customers are like", [_unseen(), _missing(), _most_unseen()]),
        Row("Drift", drift.panels()),
        Row("What became of them", outcomes.panels()),
    ]
    description = "Churn probabilities, segments, actions, what customers are like, drift, and what became of them."
    return dashboard("churn-model", "model", description, rows, (JOBS, _MODEL), "24h")


def _above(bound: str) -> str:
    within = rate(f"{names.SCORES}_bucket", _CHOSEN, equals("le", bound))
    return f"1 - {share(within, rate(_SCORED, _CHOSEN))}"


def _figures() -> list[Panel]:
    advised = rate(names.RECOMMENDATIONS, _CHOSEN, f'{names.ACTION}!="none"')
    made = age(names.MODEL_CREATED, equals(names.BACKEND, "primary"))
    stale = 45 * 86400.0
    return [
        figure("Customers", "Customers scored in a second.", "short", Series(rate(_SCORED, _CHOSEN), "customers")),
        figure(
            "Mean probability", "Of all customers scored.", "percentunit", Series(mean(names.SCORES, _CHOSEN), "mean")
        ),
        figure(
            "Above 50 %",
            "Share of customers with a probability above one half.",
            "percentunit",
            Series(_above("0.5"), "above"),
        ),
        figure(
            "Advised an action",
            "Share of customers for whom some action pays.",
            "percentunit",
            Series(share(advised, rate(names.RECOMMENDATIONS, _CHOSEN)), "advised"),
        ),
        figure(
            "Age of the model",
            "Since the primary's model was made; 45 days are promised.",
            "s",
            Series(made, "age"),
            steps=((None, "green"), (0.7 * stale, "orange"), (stale, "red")),
        ),
        figure(
            "Models answering",
            "Models that gave probabilities lately: two while one is promoted or on trial.",
            "short",
            Series(f"count({rate(_SCORED, _CHOSEN, by=names.DIGEST)} > 0)", "models"),
        ),
    ]


def _distribution() -> Panel:
    words = (
        "Customers by the probability they were given. Its shape belongs to the model: what changes it is worth a look."
    )
    return distribution("Probabilities", words, "percentunit", rate(f"{names.SCORES}_bucket", _CHOSEN, by="le"))


def _quantiles() -> Panel:
    words = "Such a share of customers was given at most this probability."
    series = [Series(quantile(part, names.SCORES, _CHOSEN), f"{part:.0%}") for part in (0.1, 0.25, 0.5, 0.75, 0.9)]
    return graph("Probabilities, quantiles", words, "percentunit", *series, width=12, scale=SHARES)


def _means() -> Panel:
    words = "Mean probability by model: a promotion shows as one line that ends and one that begins."
    return graph(
        "Mean probability by model",
        words,
        "percentunit",
        Series(mean(names.SCORES, _CHOSEN, by=names.DIGEST), "{{digest}}"),
        width=12,
    )


def _by_server() -> Panel:
    words = "The scorecard (degraded) says less than a model; primary and fallback say the same."
    return graph(
        "Mean probability by who served",
        words,
        "percentunit",
        Series(mean(names.SCORES, _CHOSEN, by=names.SERVED_BY), "{{served_by}}"),
        width=12,
    )


def _mix(by: str) -> str:
    return share(rate(names.RECOMMENDATIONS, _CHOSEN, by=by), f"scalar({rate(names.RECOMMENDATIONS, _CHOSEN)})")


def _segments() -> Panel:
    words = "Share of customers in each segment, of those who asked for predictions."
    mix = _mix(f"{names.SEGMENT}, {names.SEGMENT_NAME}")
    return graph(
        "Segments", words, "percentunit", Series(mix, "{{segment}} {{segment_name}}"), stacked=True, scale=SHARES
    )


def _actions() -> Panel:
    words = "Share of customers who were recommended each action; none where nothing pays."
    return graph("Actions", words, "percentunit", Series(_mix(names.ACTION), "{{action}}"), stacked=True, scale=SHARES)


def _segment_actions() -> Panel:
    words = "Customers a second who were recommended an action, by segment."
    pairs = rate(names.RECOMMENDATIONS, _CHOSEN, by=f"{names.SEGMENT_NAME}, {names.ACTION}")
    return bars("Actions by segment", words, "short", Series(pairs, "{{segment_name}}: {{action}}"))


def _noted(metric: str) -> str:
    return share(rate(metric, by=names.FEATURE), f"scalar({rate(_SCORED)})")


def _unseen() -> Panel:
    words = "Share of customers with a level that training never saw, by feature: a new tariff, or a misspelt one."
    return graph(
        "Levels never seen", words, "percentunit", Series(_noted(names.UNSEEN_LEVELS), "{{feature}}"), empty=NOTHING
    )


def _missing() -> Panel:
    words = "Share of customers without a value, by feature. A step up is a source that broke."
    return graph(
        "Values missing", words, "percentunit", Series(_noted(names.MISSING_VALUES), "{{feature}}"), empty=NOTHING
    )


def _most_unseen() -> Panel:
    words = "The features with the most levels never seen and values missing."
    unseen, missing = (f"topk(10, {_noted(metric)})" for metric in (names.UNSEEN_LEVELS, names.MISSING_VALUES))
    return bars(
        "Worst features",
        words,
        "percentunit",
        Series(unseen, "{{feature}}: never seen"),
        Series(missing, "{{feature}}: missing"),
        empty=NOTHING,
    )
