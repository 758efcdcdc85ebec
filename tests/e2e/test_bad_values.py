"""Values that make no sense fail at `helm install`, before anything exists, with the key and the reason."""

import pytest

from tests.e2e.cluster import Cluster
from tests.e2e.release import Release

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize(
    ("setting", "key"),
    [
        ("gateway.replicaz=3", "replicaz"),
        ("capacity.headroom=2", "headroom"),
        ("gateway.canaryPercent=120", "canaryPercent"),
        ("primary.model.uri=http://example.org/model", "uri"),
        ("training.concurrencyPolicy=Sometimes", "concurrencyPolicy"),
    ],
)
def test_the_key_is_named(release: Release, cluster: Cluster, setting: str, key: str) -> None:
    ended = release.dry_run(setting)
    assert ended.returncode != 0, ended.stdout[:500]
    assert key in ended.stderr
    names = [item.metadata.name for item in cluster.apps.list_namespaced_deployment(cluster.namespace).items]
    assert not [name for name in names if name.startswith("other")]
