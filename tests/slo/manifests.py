"""The rules of ``manifests/`` as plain data, read once a test run."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).resolve().parents[2]
MANIFESTS = ROOT / "manifests"
RULES = sorted([*MANIFESTS.glob("slo/generated/*.yaml"), *MANIFESTS.glob("alerts/*.yaml")])
TESTS = sorted(MANIFESTS.glob("alerts/tests/*.yaml"))
FOREIGN = {
    "up", "kube_job_failed", "kube_cronjob_status_last_successful_time", "kube_cronjob_spec_suspend",
    "kube_pod_container_status_waiting_reason", "kube_pod_init_container_status_waiting_reason",
    "certmanager_certificate_expiration_timestamp_seconds",
}  # fmt: skip
"""Metrics of Prometheus itself, kube-state-metrics and cert-manager."""
_SELECTOR = re.compile(r"\b(churn_[a-z0-9_]+|up|kube_\w+|certmanager_\w+)\b(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'([a-z_]+)\s*(=~|!~|!=|=)\s*"([^"]*)"')


class Alert(NamedTuple):
    """One rule that alerts; ``file`` is relative to the manifests."""

    file: str
    name: str
    severity: str
    rule: dict[str, Any]


class Selector(NamedTuple):
    """A metric that a rule asks for, and the labels it asks by: name, operator, value."""

    file: str
    metric: str
    matchers: tuple[tuple[str, str, str], ...]


def rules() -> Iterator[tuple[str, dict[str, Any]]]:
    """All rules with the files they stand in."""
    for path in RULES:
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                yield path.relative_to(MANIFESTS).as_posix(), rule


def alerts() -> list[Alert]:
    """All rules that alert."""
    return [Alert(file, rule["alert"], rule["labels"]["severity"], rule) for file, rule in rules() if "alert" in rule]


def selectors() -> set[Selector]:
    """What rules ask processes for; recorded series, which rules make themselves, are left out."""
    found = set()
    for file, rule in rules():
        text = re.sub(r'label_replace\((.*?), "metric", "\w+", "", ""', r"\1", rule["expr"], flags=re.DOTALL)
        for metric, labels in _SELECTOR.findall(text):
            found.add(Selector(file, metric, tuple(_MATCHER.findall(labels))))
    return found
