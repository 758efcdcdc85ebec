"""From the chart before it was a family to this one, under load: nothing restarts, so nobody notices."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.cluster import SERVING, Cluster
from tests.e2e.commands import ROOT, succeed, tool
from tests.e2e.conftest import LoadStarter
from tests.e2e.figures import Figures
from tests.e2e.release import CHART, Release

pytestmark = pytest.mark.timeout(300)
FORMER = ROOT / "tests" / "charts" / "former" / "churn-0.1.0.tgz"


def pods(cluster: Cluster) -> set[str]:
    return {pod.metadata.name for component in SERVING for pod in cluster.pods(component)}


def known(values: Any, defaults: Any) -> Any:
    """What the former chart has words for; values that came later are at their defaults."""
    if not isinstance(values, dict) or not isinstance(defaults, dict) or not defaults:
        return values
    return {key: known(value, defaults[key]) for key, value in values.items() if key in defaults}


def test_an_upgrade_from_the_former_chart_loses_no_request(
    release: Release, cluster: Cluster, start_load: LoadStarter, figures: Figures, tmp_path: Path
) -> None:
    defaults = yaml.safe_load(succeed([tool("helm"), "show", "values", str(FORMER)], 30))
    values = tmp_path / "values.yaml"
    values.write_text(yaml.safe_dump(known(release.values(), defaults)))
    before = pods(cluster)
    with start_load() as load:
        # Hooks would make keys that are there.
        release.upgrade_to(FORMER, values, "--no-hooks")
        assert pods(cluster) == before
        release.upgrade_to(CHART, values)
        cluster.wait_rolled_out(*SERVING, seconds=180)
        load.wait_for_only("primary", 60)
        tally = load.stop()
    assert pods(cluster) == before
    tally.assert_none_failed(500)
    figures.record("upgrade from the former chart", **tally.figures())
