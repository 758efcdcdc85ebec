"""Which models there are and how they came to serve: made, promoted, loaded, refused; and the Jobs that make them.

MLflow shows no metrics of its own; runs and measures of models are looked up there.
"""

from grafana_foundation_sdk.models import dashboard as models

from churn_serving.telemetry import names
from ci.dashboards import cluster
from ci.dashboards.layout import Row, dashboard
from ci.dashboards.models import served_models
from ci.dashboards.panels import Panel, Series, figure, graph
from ci.dashboards.queries import age, differs, equals, increase, select

_OF_GATEWAYS = differs(names.BACKEND, "")
_STALE_SECONDS = 45 * 86400.0


def build() -> models.Dashboard:
    """The dashboard of training and the registry."""
    rows = [
        Row("Models in service", [_age(), _stale(), _same(), _served()]),
        Row("Promotions", [_turns(), _ages(), _loads(), _keys()]),
        Row("Jobs on Kubernetes", cluster.jobs()),
    ]
    description = "Models in service, how old they are, packages tried, and Jobs of training and scoring."
    return dashboard("churn-training", "training and registry", description, rows, since="7d")


def _age() -> Panel:
    words = "Since the model that the primary serves was made. Over 45 days the objective of freshness is missed."
    made = age(names.MODEL_CREATED, equals(names.BACKEND, "primary"))
    steps = ((None, "green"), (0.7 * _STALE_SECONDS, "orange"), (_STALE_SECONDS, "red"))
    return figure("Age of the primary's model", words, "s", Series(made, "age"), width=6, height=8, steps=steps)


def _stale() -> Panel:
    words = "Share of the last hour in which the primary served a model that was too old."
    record = 'max(slo:sli_error:ratio_rate1h{sloth_id="churn-model-freshness"})'
    steps = ((None, "green"), (0.01, "red"))
    return figure("Too old, last hour", words, "percentunit", Series(record, "too old"), width=4, height=8, steps=steps)


def _same() -> Panel:
    words = "Different models that backends serve: 1 when all agree, more while one is promoted or on trial."
    digests = f"count(count by ({names.DIGEST}) ({select(names.MODEL_INFO, _OF_GATEWAYS)}))"
    return figure("Different models", words, "short", Series(digests, "models"), width=4, height=8)


def _served() -> Panel:
    words = "Versions are those of the registry; the digest is that of the package's manifest."
    return served_models("In service", words, width=10)


def _turns() -> Panel:
    words = "Gateways that see each version behind each backend: a promotion is one line that takes over from another."
    seen = f"count by ({names.BACKEND}, {names.MODEL_VERSION}) ({select(names.MODEL_INFO, _OF_GATEWAYS)})"
    return graph("Versions in service", words, "short", Series(seen, "{{backend}}: {{model_version}}"), width=6)


def _ages() -> Panel:
    words = "Since each backend's model was made: a saw, if training runs as it is meant to."
    return graph(
        "Age by backend", words, "s", Series(age(names.MODEL_CREATED, by=names.BACKEND), "{{backend}}"), width=6
    )


def _loads() -> Panel:
    words = "Packages that model servers were given. Refused: signature, digest or golden rows did not fit."
    loads = increase(names.MODEL_SERVER_LOADS, by=names.OUTCOME)
    return graph("Packages tried", words, "short", Series(loads, "{{outcome}}"), width=6)


def _keys() -> Panel:
    words = "Changed files of the keys that packages must be signed with."
    loads = increase(names.PACKAGE_KEY_LOADS, by=names.OUTCOME)
    return graph("Package keys", words, "short", Series(loads, "{{outcome}}"), width=6)
