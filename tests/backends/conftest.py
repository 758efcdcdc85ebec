"""Real packages and real server processes for the tests of the model servers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from churn_model.package import Package, open_package
from churn_model.signing import SigningKey, TrustedKeys
from churn_serving.backend.loaded_model import ModelSlot
from churn_serving.backend.metrics import BackendMetrics
from tests.backends.packages import Factory
from tests.backends.servers import Server, start_fallback, start_predictor


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the key pair ``signing.pem`` and ``verify.pem``."""
    folder = tmp_path_factory.mktemp("workshop")
    (folder / "verify.pem").write_bytes(SigningKey.generate(folder / "signing.pem").public_pem())
    return folder


@pytest.fixture(scope="session")
def factory(workshop: Path) -> Factory:
    """Writes packages signed with the trusted key."""
    return Factory(SigningKey.load(workshop / "signing.pem"), workshop)


@pytest.fixture(scope="session")
def verify_key(workshop: Path) -> Path:
    """The trusted public key."""
    return workshop / "verify.pem"


@pytest.fixture(scope="session")
def package(factory: Factory, workshop: Path, verify_key: Path) -> Package:
    """Version 1, opened."""
    factory.write(workshop / "v1", "1")
    return open_package(workshop / "v1", TrustedKeys.load(verify_key))


@pytest.fixture
def slot(package: Package, verify_key: Path) -> ModelSlot:
    """A slot that serves version 1."""
    slot = ModelSlot(BackendMetrics())
    slot.load(package.path, verify_key)
    return slot


@pytest.fixture(scope="module")
def servers(package: Package, verify_key: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    """Predictor and fallback as processes, both on version 1."""
    folder = tmp_path_factory.mktemp("servers")
    running = [start(package.path, verify_key, folder) for start in (start_predictor, start_fallback)]
    try:
        for server in running:
            server.wait_ready()
        yield running
    finally:
        for server in running:
            server.kill()
