"""Rolling restarts under load: nobody notices.

The gateway's restart stands where its answers are counted, too (:mod:`tests.e2e.test_prediction_log`); a new model and
the way back stand where it is trained (:mod:`tests.e2e.test_train_and_serve`).
"""

import time

import pytest

from tests.e2e.cluster import Cluster
from tests.e2e.conftest import LoadStarter
from tests.e2e.figures import Figures
from tests.e2e.waiting import wait_until

pytestmark = pytest.mark.timeout(1200)


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
            600,
            f"new pods of {component}",
            so_far=lambda: cluster.summary(component),
        )
        seconds = round(time.time() - started, 1)
        load.wait_for_only("primary", 180)
        tally = load.stop()
    tally.assert_none_failed(500)
    tally.assert_models_answered()
    figures.record(f"rolling restart of {component}", **tally.figures(), rollout_seconds=seconds)
