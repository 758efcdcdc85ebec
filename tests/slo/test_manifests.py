"""Every alert is tested both ways, leads to a page that is there, and asks for what somebody counts."""

import re

import pytest
import yaml

from churn_monitoring.drift import metrics as drift_names
from churn_monitoring.outcomes import metrics as outcome_names
from churn_monitoring.outcomes import shown as shown_names
from churn_monitoring.prediction_log import metrics as shipper_names
from churn_serving.telemetry import names
from churn_serving.telemetry import prediction_log as log_names
from tests.slo.manifests import FOREIGN, MANIFESTS, ROOT, TESTS, Alert, alerts, selectors

ALERTS = alerts()
SUFFIXES = ("_bucket", "_count", "_sum")


def looks(alert: Alert) -> list[bool]:
    """Whether it fired, for each time that promtool's tests look at it alone or at all alerts of its file."""
    seen = []
    for path in TESTS:
        document = yaml.safe_load(path.read_text())
        if (MANIFESTS / alert.file) not in [(path.parent / file).resolve() for file in document["rule_files"]]:
            continue
        for look in (look for test in document["tests"] for look in test["promql_expr_test"]):
            asked = re.search(r'alertname="(\w+)"', look["expr"])
            if asked is None or asked[1] == alert.name:
                fired = [sample["labels"] for sample in look["exp_samples"]]
                seen.append(f'{{alertname="{alert.name}", severity="{alert.severity}"}}' in fired)
    return seen


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: f"{alert.name}-{alert.severity}")
def test_each_alert_is_seen_to_fire_and_to_stay_silent(alert: Alert) -> None:
    assert set(looks(alert)) == {True, False}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: f"{alert.name}-{alert.severity}")
def test_each_alert_leads_to_its_page_and_a_dashboard(alert: Alert) -> None:
    annotations = alert.rule["annotations"]
    page = ROOT / annotations["runbook_url"]
    assert page.is_file()
    assert page.stem in (alert.name, alert.name.removesuffix("Soon"))
    assert page.read_text().startswith(f"# {page.stem}\n")
    assert re.fullmatch(r"/d/churn-[a-z]+", annotations["dashboard_url"])
    assert annotations.get("summary")
    assert alert.severity in ("page", "ticket")


def test_each_page_belongs_to_an_alert_and_its_links_resolve() -> None:
    pages = sorted((MANIFESTS / "runbooks").glob("*.md"))
    assert {page.stem for page in pages} == {alert.name.removesuffix("Soon") for alert in ALERTS}
    for page in pages:
        for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
            assert (page.parent / target).is_file(), (page.name, target)


def test_rules_and_pages_ask_for_nothing_but_what_is_named_in_telemetry() -> None:
    known = {
        value
        for module in (names, log_names, shipper_names, drift_names, outcome_names, shown_names)
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str)
    }
    known |= {value + suffix for value in known for suffix in SUFFIXES}
    asked = {selector.metric for selector in selectors()} - FOREIGN
    assert asked
    assert asked <= known
    for page in (MANIFESTS / "runbooks").glob("*.md"):
        assert set(re.findall(r"\bchurn_[a-z_]+[a-z]\b", page.read_text())) <= known, page.name


def test_each_bound_of_a_latency_objective_is_a_bound_of_the_histogram() -> None:
    bounds = {value for selector in selectors() for label, _, value in selector.matchers if label == "le"}
    assert bounds == {"0.025", "0.1"}
    assert {float(bound) for bound in bounds} <= set(names.LATENCY_BUCKETS)
