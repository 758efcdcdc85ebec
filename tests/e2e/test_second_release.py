"""A second release beside the one that serves: the cluster with its webhooks would take all that it consists of."""

import subprocess

import pytest

from tests.e2e.commands import ROOT, run, succeed, tool
from tests.e2e.release import CHART, PRESET, Release

pytestmark = pytest.mark.timeout(120)


def test_a_second_release_in_the_namespace_is_taken(release: Release) -> None:
    """KServe refuses a runtime that it could not tell from that of the first release."""
    words = ["template", "second", str(CHART), "--values", str(PRESET), "--namespace", release.namespace, "--no-hooks"]
    words.append("--validate")  # for the cluster's version of Kubernetes, and not the oldest that helm knows
    manifests = succeed([tool("helm"), *words], 60)
    # The server asks its webhooks and keeps nothing.
    command = [tool("kubectl"), "apply", "--dry-run=server", "--namespace", release.namespace, "--filename", "-"]
    ended = subprocess.run(command, input=manifests, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    for made in ("servingruntime.serving.kserve.io/second-churn-predictor", "deployment.apps/second-churn-gateway"):
        assert f"{made} created (server dry run)" in ended.stdout
    found = run([tool("kubectl"), "get", "deployment", "second-churn-gateway", "--namespace", release.namespace], 30)
    assert found.returncode != 0
