"""Who is told what, asked of a real Alertmanager by its own tool."""

import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.slo.manifests import MANIFESTS, alerts
from tests.slo.watchers import alertmanager, told

CONFIGURATION = MANIFESTS / "alertmanager/alertmanager.yaml"


def amtool(*words: str) -> str:
    return subprocess.run(["amtool", *words], check=True, capture_output=True, text=True, timeout=60).stdout


@pytest.mark.parametrize(("severity", "receiver"), [("page", "pager"), ("ticket", "tickets"), ("unknown", "tickets")])
def test_pages_wake_and_all_else_waits(severity: str, receiver: str) -> None:
    words = ["config", "routes", "test", f"--config.file={CONFIGURATION}", f"--verify.receivers={receiver}"]
    assert receiver in amtool(*words, "alertname=ChurnBreakerOpen", f"severity={severity}")


@pytest.fixture(scope="module")
def manager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with told() as receiver, alertmanager(tmp_path_factory.mktemp("alertmanager"), receiver) as url:
        yield url


def add(manager: str, *labels: str) -> None:
    amtool("alert", "add", f"--alertmanager.url={manager}", *labels)


def inhibited(manager: str, *matchers: str) -> bool:
    words = ["alert", "query", f"--alertmanager.url={manager}", "-o", "json", *matchers]
    assert amtool(*words, "--active", "--inhibited").strip() != "[]", "the alert is not there at all"
    return amtool(*words, "--inhibited").strip() != "[]"


# Each on a case of its own: what fires, what it keeps quiet, and what it must not.
CASES = {
    "a page and the ticket of the same objective": (
        ["alertname=ChurnGatewayAvailability", "severity=page", "sloth_id=a"],
        ["alertname=ChurnGatewayAvailability", "severity=ticket", "sloth_id=a"],
        ["alertname=ChurnGatewayLatency25ms", "severity=ticket", "sloth_id=b"],
    ),
    "a page of no objective and tickets without one": (
        ["alertname=ChurnCertificateExpiresSoon", "severity=page", "name=one"],
        ["alertname=ChurnCertificateExpires", "severity=ticket", "name=one"],
        ["alertname=ChurnRequestLogDropped", "severity=ticket"],
    ),
    "no gateway and its metrics": (
        ["alertname=ChurnGatewayAbsent", "severity=page"],
        ["alertname=ChurnMetricAbsent", "severity=ticket", "metric=churn_backend_state"],
        ["alertname=ChurnJobFailed", "severity=ticket", "job_name=churn-training-1"],
    ),
    "a backend that is gone and its breaker": (
        ["alertname=ChurnModelServerAbsent", "severity=ticket", "backend=primary"],
        ["alertname=ChurnBreakerOpen", "severity=ticket", "backend=primary"],
        ["alertname=ChurnBreakerOpen", "severity=ticket", "backend=canary"],
    ),
    "a backend that nobody reaches and its calls": (
        ["alertname=ChurnBackendUnreachable", "severity=ticket", "backend=fallback"],
        ["alertname=ChurnBackendFailing", "severity=ticket", "backend=fallback"],
        ["alertname=ChurnServedByPrimary", "severity=ticket", "sloth_id=c"],
    ),
    "a log that is late and its budget": (
        ["alertname=ChurnPredictionLogBehind", "severity=ticket", "instance=a"],
        ["alertname=ChurnPredictionLogFreshness", "severity=ticket", "sloth_id=d"],
        ["alertname=ChurnModelFreshness", "severity=ticket", "sloth_id=e"],
    ),
    "scores that are old and their budget": (
        ["alertname=ChurnScoresOld", "severity=ticket", "cronjob=churn-scoring"],
        ["alertname=ChurnScoresFreshness", "severity=ticket", "sloth_id=f"],
        ["alertname=ChurnModelFreshness", "severity=ticket", "sloth_id=g"],
    ),
    "another certificate": (
        ["alertname=ChurnCertificateExpiresSoon", "severity=page", "name=three"],
        ["alertname=ChurnCertificateExpires", "severity=ticket", "name=three"],
        ["alertname=ChurnCertificateExpires", "severity=ticket", "name=two"],
    ),
}


@pytest.mark.parametrize(("source", "quiet", "loud"), CASES.values(), ids=CASES.keys())
def test_what_is_bigger_keeps_the_smaller_quiet_and_nothing_else(
    manager: str, source: list[str], quiet: list[str], loud: list[str]
) -> None:
    for labels in (source, quiet, loud):
        add(manager, *labels)
    deadline = time.monotonic() + 60
    while not inhibited(manager, *quiet):  # found out with the next look at what waits
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert not inhibited(manager, *source)
    assert not inhibited(manager, *loud)


def test_every_alert_that_is_named_exists() -> None:
    text = CONFIGURATION.read_text()
    known = {alert.name for alert in alerts()}
    named = {word for word in text.replace('"', "|").split("|") if word.startswith("Churn")}
    assert named
    assert named <= known
