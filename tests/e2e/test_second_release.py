"""A second release beside the one that serves: the cluster with its webhooks would take all that it consists of."""

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.charts.policies import choices, matches
from tests.e2e.cluster import Cluster
from tests.e2e.commands import ROOT, run, succeed, tool
from tests.e2e.release import CHART, PRESET, Release

pytestmark = pytest.mark.timeout(900)


VALIDATED = "--validate"
"""Rendered for the cluster's version of Kubernetes, and not for the oldest that helm knows; helm refuses to render what
another owns."""


def manifests(release: Release, name: str, chart: Path, *settings: str) -> str:
    """A chart's objects."""
    words = ["template", name, str(chart), "--values", str(PRESET), "--namespace", release.namespace, "--no-hooks"]
    return succeed([tool("helm"), *words, *settings], 120)


def taken(release: Release, objects: str) -> str:
    """What the server says that it would make of them: it asks its webhooks and keeps nothing."""
    command = [tool("kubectl"), "apply", "--dry-run=server", "--namespace", release.namespace, "--filename", "-"]
    ended = subprocess.run(command, input=objects, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_a_family_of_parts_is_taken_beside_it(release: Release) -> None:
    settings = [
        "--set",
        "family=parts",
        "--set",
        "primary.enabled=true",
        "--set",
        "monitoring.development.enabled=true",
    ]
    for part in ("serving", "registry", "training", "monitoring"):
        chart = CHART.with_name(f"churn-{part}")
        said = taken(release, manifests(release, chart.name, chart, VALIDATED, *settings))
        assert f"networkpolicy.networking.k8s.io/parts-churn-{part}-default-deny created (server dry run)" in said


def test_a_second_release_in_the_namespace_is_taken(release: Release) -> None:
    """KServe refuses a runtime that it could not tell from that of the first release."""
    said = taken(release, manifests(release, "second", CHART, VALIDATED))
    for made in ("servingruntime.serving.kserve.io/second-churn-predictor", "deployment.apps/second-churn-gateway"):
        assert f"{made} created (server dry run)" in said
    found = run([tool("kubectl"), "get", "deployment", "second-churn-gateway", "--namespace", release.namespace], 30)
    assert found.returncode != 0


def test_nothing_of_a_second_release_chooses_a_pod_of_the_first(release: Release, cluster: Cluster) -> None:
    """By the labels that running pods have, KServe's among them: no request, policy or budget of the one meets the
    other's; those of the first meet its own."""
    running = {
        pod.metadata.name: pod.metadata.labels for pod in cluster.core.list_namespaced_pod(release.namespace).items
    }
    by_release = {}
    for name in (release.name, "second"):
        documents = yaml.safe_load_all(manifests(release, name, CHART, "--kube-version", "1.34.0"))
        by_release[name] = [chosen for one in documents if one for chosen in choices(one)]
    met = {
        name: {pod for pod, labels in running.items() if any(matches(one, labels) for one in chosen)}
        for name, chosen in by_release.items()
    }
    assert not met["second"], met
    own = {pod.metadata.name for pod in (*cluster.pods("primary"), *cluster.pods("gateway"))} & running.keys()
    assert own  # of which none came later
    assert met[release.name] >= own, met
