"""Primary pods that vanish without a word: nobody's request fails, the fallback answers, then the primary again."""

import pytest

from tests.e2e.cluster import Cluster
from tests.e2e.conftest import LoadStarter
from tests.e2e.figures import Figures
from tests.e2e.steady_load import AWAY_SECONDS

pytestmark = pytest.mark.timeout(1200)


def test_one_primary_pod_is_killed(start_load: LoadStarter, cluster: Cluster, figures: Figures) -> None:
    cluster.wait_ready("primary", 2)
    with start_load() as load:
        killed = cluster.kill(cluster.ready_pods("primary")[:1])
        cluster.wait_ready("primary", 2)
        load.wait_for_only("primary", 180)
        tally = load.stop()
    tally.assert_none_failed(500)
    figures.record("one primary pod killed", **tally.figures(), answers_after=dict(load.since(killed).served_by))


def test_all_primary_pods_are_killed(start_load: LoadStarter, cluster: Cluster, figures: Figures) -> None:
    with start_load() as load:
        load.wait_for_only("primary", 180)
        killed = cluster.kill(cluster.pods("primary"))
        first_fallback = load.wait_for("fallback", 60, since=killed)
        cluster.wait_ready("primary", 2)  # an autoscaler may take a third one away
        back = load.wait_for_only("primary", 180)
        tally = load.stop()
    tally.assert_none_failed(1000)
    meanwhile = load.between(killed, back).served_by
    assert meanwhile["fallback"] > 100, meanwhile
    # It gets everything at once, on processors that starting pods want, too, so it is late at times; never is it away.
    away = load.between(killed + first_fallback, back).longest_without(
        lambda record: record.served_by in ("fallback", "primary")
    )
    assert away < AWAY_SECONDS, f"by no model for {away:.1f} s; {meanwhile}"
    figures.record(
        "all primary pods killed",
        **tally.figures(),
        first_fallback_after_seconds=first_fallback,
        primary_alone_again_after_seconds=round(back - killed, 1),
    )
