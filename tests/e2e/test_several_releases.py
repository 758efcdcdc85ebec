"""Three releases on one cluster, two of them in one namespace: each answers with a model of its own while another is
installed, upgraded, rolled back and removed.

It takes longer than continuous integration has for it: `ci/e2e --delivery`.
"""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from kubernetes.client import V1Namespace, V1ObjectMeta

from tests.e2e.cluster import Cluster
from tests.e2e.commands import json_of, run
from tests.e2e.conftest import FOLDER, LoadStarter
from tests.e2e.figures import Figures
from tests.e2e.release import Release
from tests.e2e.steady_load import SteadyLoad, Target
from tests.e2e.storage import put_objects, storage_of
from tests.e2e.waiting import wait_until

pytestmark = pytest.mark.timeout(900)
ELSEWHERE = "churn-elsewhere"
URI = "s3://churn-models/its-own/"
HTTP_RATE, GRPC_RATE = 20, 2
# What a release needs to answer, on a machine that carries three.
LITTLE = (
    *(f"{name}.autoscaling.enabled=false" for name in ("gateway", "primary", "fallback")),
    "gateway.autoscaling.minReplicas=2",
    *(f"{name}.autoscaling.minReplicas=1" for name in ("primary", "fallback")),
    *(f"{name}.enabled=false" for name in ("mlflow", "training", "scoring")),
    "objectStorage.persistence.enabled=false",
)


@dataclass(frozen=True)
class Beside:
    """A release beside that of the suite, reached at two ports of its own. `full_name` begins its objects' names."""

    release: Release
    cluster: Cluster
    full_name: str
    port: int

    def install(self) -> None:
        """With the starter model."""
        ports = (f"gateway.service.httpNodePort={self.port}", f"gateway.service.grpcNodePort={self.port + 1}")
        ended = self.release.try_install(*LITTLE, *ports)
        assert ended.returncode == 0, ended.stderr

    def load(self, data: Path) -> SteadyLoad:
        """Requests to it alone, with the key that its installation made."""
        key = self.cluster.secret(f"{self.full_name}-api-key-initial")["key"]
        target = Target(f"http://127.0.0.1:{self.port}", f"127.0.0.1:{self.port + 1}", key, data)
        return SteadyLoad(target, FOLDER / "load" / f"{self.full_name}.{self.port}.jsonl", HTTP_RATE, GRPC_RATE)

    def own_model(self, folder: Path, seed: int) -> str:
        """Put a model into its storage, made here and signed by its key, that no other release trusts; the digest."""
        signing = folder / "signing.pem"
        signing.write_text(self.cluster.secret(f"{self.full_name}-signing-key")["signing.pem"])
        words = ["train", "--budget", "0", "--rows", "1000", "--seed", str(seed), "--force-promote", "--json"]
        environment = {"CHURN_HOME": str(folder / "home"), "CHURN_SIGNING_KEY": str(signing)}
        trained = json_of(run([sys.executable, "-m", "tests.training.small_training", *words], 300, environment))
        package = Path(trained["uri"].removeprefix("file://"))
        files = {
            str(file.relative_to(package)): file.read_bytes() for file in sorted(package.rglob("*")) if file.is_file()
        }
        with storage_of(self.cluster, f"{self.full_name}-object-storage-root") as client:
            put_objects(client, URI, files)
        return str(trained["digest"])

    def serve(self, digest: str) -> None:
        """Have the primary serve its own model."""
        self.release.upgrade(f"primary.model.uri={URI}", f"primary.model.digest={digest}")


@pytest.fixture(scope="module")
def beside(release: Release) -> Iterator[tuple[Beside, Beside]]:
    """One in the namespace of the suite's release and one, of the same name as that, in a namespace of its own; nothing
    is installed yet, and nothing is left."""
    here, there = Cluster(release.namespace, "second"), Cluster(ELSEWHERE)
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    there.core.create_namespace(V1Namespace(metadata=V1ObjectMeta(name=ELSEWHERE, labels=labels)))
    made = (
        Beside(Release("second", release.namespace), here, "second-churn", 30082),
        Beside(Release(release.name, ELSEWHERE), there, "churn", 30084),
    )
    yield made
    for one in made:
        one.release.uninstall()
    there.core.delete_namespace(ELSEWHERE)


def test_three_releases_each_with_its_own_model(
    beside: tuple[Beside, Beside],
    start_load: LoadStarter,
    telco_path: Path,
    figures: Figures,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    second, elsewhere = beside
    with start_load(HTTP_RATE, GRPC_RATE) as first_load:
        (first,) = models_of(first_load)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(Beside.install, beside))
            own = list(pool.map(Beside.own_model, beside, [tmp_path_factory.mktemp("own") for _ in beside], (1, 2)))
        assert len({first, *own}) == 3
        with elsewhere.load(telco_path) as third_load:
            with second.load(telco_path) as second_load:
                loads = (first_load, second_load, third_load)
                (starter,) = models_of(second_load)
                assert models_of(third_load) == {starter}
                for one, load, digest in zip(beside, loads[1:], own, strict=True):
                    one.serve(digest)
                    load.wait_for_model(digest, 180)
                assert [models_of(load) for load in loads] == [{first}, {own[0]}, {own[1]}]
                for one, load in zip(beside, loads[1:], strict=True):
                    one.release.rollback(1)
                    load.wait_for_model(starter, 180)
                tallies = {"second": second_load.stop()}
            second.release.uninstall()
            wait_until(lambda: not second.cluster.pods("gateway"), 60, "end of the second release")
            assert [models_of(load) for load in (first_load, third_load)] == [{first}, {starter}]
            tallies |= {"first": first_load.stop(), "elsewhere": third_load.stop()}
    for tally in tallies.values():
        tally.assert_none_failed(200)
    figures.record("three releases", **{name: tally.figures() for name, tally in tallies.items()})


def models_of(load: SteadyLoad) -> set[str]:
    """Digests of the models that answer at this moment."""
    begin = load.wait_for_only("primary", 120)
    return set(load.between(begin, begin + 2).models)
