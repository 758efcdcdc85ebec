"""Primary pods that vanish without a word: nobody's request fails, the fallback answers, then the primary again."""

import pytest

from tests.e2e.cluster import Cluster
from tests.e2e.conftest import LoadStarter
from tests.e2e.figures import Figures

pytestmark = pytest.mark.timeout(240)


def test_one_primary_pod_is_killed(start_load: LoadStarter, cluster: Cluster, figures: Figures) -> None:
    replicas = len(cluster.ready_pods("primary"))
    assert replicas >= 2
    with start_load() as load:
        killed = cluster.kill(cluster.ready_pods("primary")[:1])
        cluster.wait_ready("primary", replicas)
        load.wait_for_only("primary", 60)
        tally = load.stop()
    tally.assert_none_failed(500)
    figures.record("one primary pod killed", **tally.figures(), answers_after=dict(load.since(killed).served_by))


def test_all_primary_pods_are_killed(start_load: LoadStarter, cluster: Cluster, figures: Figures) -> None:
    with start_load() as load:
        load.wait_for_only("primary", 30)
        pods = cluster.ready_pods("primary")
        killed = cluster.kill(pods)
        first_fallback = load.wait_for("fallback", 15, since=killed)
        cluster.wait_ready("primary", len(pods))
        back = load.wait_for_only("primary", 60)
        tally = load.stop()
    tally.assert_none_failed(1000)
    meanwhile = load.between(killed, back).served_by
    assert meanwhile["fallback"] > 100, meanwhile
    # It gets everything at once, on processors that starting pods want, too.
    assert meanwhile["degraded"] < meanwhile["fallback"], meanwhile
    figures.record(
        "all primary pods killed",
        **tally.figures(),
        first_fallback_after_seconds=first_fallback,
        primary_alone_again_after_seconds=round(back - killed, 1),
    )
