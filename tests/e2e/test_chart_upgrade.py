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

pytestmark = pytest.mark.timeout(1200)
FORMER = ROOT / "tests" / "charts" / "former" / "churn-0.1.0.tgz"


Templates = dict[str, set[tuple[str, int]]]


def unchanged(cluster: Cluster, before: Templates) -> bool:
    """Whether nothing was replaced or restarted; autoscalers may have taken pods away and made further ones."""
    return all(cluster.templates(component) <= templates for component, templates in before.items())


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
    before = {component: cluster.templates(component) for component in SERVING}
    with start_load() as load:
        # Hooks would make keys that are there.
        release.upgrade_to(FORMER, values, "--no-hooks")
        assert unchanged(cluster, before)
        release.upgrade_to(CHART, values)
        cluster.wait_rolled_out(*SERVING)
        load.wait_for_only("primary", 180)
        tally = load.stop()
    assert unchanged(cluster, before)
    tally.assert_none_failed(500)
    figures.record("upgrade from the former chart", **tally.figures())
