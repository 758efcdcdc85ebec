"""Which CronJob a command with `--on-cluster` takes: a release's own, whatever values have named it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from churn_data.errors import Failure
from churn_training.cluster.job_template import template_of
from churn_training.cluster.kubernetes_api import KubernetesApi
from small_api_server import ApiServer, running
from tests.cli.played_jobs import BATCH, listed


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with running() as started:
        listed(started)
        yield started


@pytest.fixture
def api(server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KubernetesApi:
    monkeypatch.setenv("KUBECONFIG", str(server.kubeconfig(tmp_path)))
    return KubernetesApi.from_kubeconfig("churn")


def hold(server: ApiServer, name: str, release: str, part: str = "training") -> dict[str, Any]:
    labels = {"app.kubernetes.io/instance": release, "app.kubernetes.io/component": part}
    held = {"metadata": {"name": name, "labels": labels}}
    server.objects[f"{BATCH}/cronjobs/{name}"] = held
    return held


def test_a_release_whose_names_are_overridden_is_found(server: ApiServer, api: KubernetesApi) -> None:
    hold(server, "other-training", "other")
    hold(server, "retention-scoring", "shop", "scoring")
    own = hold(server, "retention-training", "shop")
    assert template_of(api, "shop", "training") == own


def test_a_name_that_another_release_has_taken_is_not_ones_own(server: ApiServer, api: KubernetesApi) -> None:
    hold(server, "shop-churn-training", "another")
    with pytest.raises(Failure, match=r"^CronJob shop-churn-training in namespace churn: not there; install the chart"):
        template_of(api, "shop", "training")
    own = hold(server, "retention-training", "shop")
    assert template_of(api, "shop", "training") == own


def test_two_that_claim_to_be_a_releases_are_named(server: ApiServer, api: KubernetesApi) -> None:
    hold(server, "b-training", "shop")
    hold(server, "a-training", "shop")
    with pytest.raises(Failure, match=r"^release shop: has more than one CronJob of training .*a-training, b-training"):
        template_of(api, "shop", "training")
