"""Planned changes under load: rolling restarts, a new model version, and the way back. Nobody notices.

The gateway's restart stands where its answers are counted, too (:mod:`tests.e2e.test_prediction_log`).
"""

import time

import pytest

from tests.e2e.cluster import Cluster
from tests.e2e.conftest import LoadStarter
from tests.e2e.figures import Figures
from tests.e2e.models import Model
from tests.e2e.release import Release
from tests.e2e.waiting import wait_until

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("component", ["primary", "fallback"])
def test_rolling_restart(start_load: LoadStarter, cluster: Cluster, figures: Figures, component: str) -> None:
    before = {pod.metadata.name for pod in cluster.pods(component)}
    started = time.time()
    with start_load() as load:
        if component == "primary":
            cluster.restart_primary()
        else:
            cluster.restart(component)
        wait_until(
            lambda: (
                not before & {pod.metadata.name for pod in cluster.pods(component)} and cluster.rolled_out(component)
            ),
            180,
            f"new pods of {component}",
            so_far=lambda: cluster.summary(component),
        )
        seconds = round(time.time() - started, 1)
        load.wait_for_only("primary", 60)
        tally = load.stop()
    tally.assert_none_failed(500)
    assert tally.served_by["degraded"] <= len(tally.records) / 100, tally.served_by
    figures.record(f"rolling restart of {component}", **tally.figures(), rollout_seconds=seconds)


def test_upgrade_to_a_new_model_and_rollback(
    start_load: LoadStarter, release: Release, cluster: Cluster, figures: Figures, trained: Model
) -> None:
    former = release.revision()
    with start_load() as load:
        load.wait_for_only("primary", 30)
        old = next(iter(load.stop().models))
    assert old != trained.digest
    with start_load() as load:
        started = time.time()
        release.upgrade(*trained.settings)
        upgraded = load.wait_for_model(trained.digest, 180) - started
        cluster.wait_rolled_out("primary")
        assert cluster.inference_service_is_ready("churn-primary")
        started = time.time()
        release.rollback(former)
        rolled_back = load.wait_for_model(old, 180) - started
        cluster.wait_rolled_out("primary")
        tally = load.stop()
    tally.assert_none_failed(2000)
    # Old and new pods stand behind one address meanwhile; that is no reason to leave the primary.
    assert tally.served_by["fallback"] + tally.served_by["degraded"] <= len(tally.records) / 20, tally.served_by
    assert set(tally.models) == {old, trained.digest}
    figures.record(
        "helm upgrade to a new model and rollback",
        **tally.figures(),
        upgrade_seconds=round(upgraded, 1),
        rollback_seconds=round(rolled_back, 1),
    )
