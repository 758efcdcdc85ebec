"""One system for this folder: a champion that `churn train` has made of real customers, with keys and without."""

import dataclasses
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from churn_serving.gateway.key_file import add_key, entry_for, new_key
from real_processes import Service, System, describe_system, end, running
from tests.contract.conftest import Trained, trained  # noqa: F401 - a fixture, whose training is made once a run
from tests.documents.runs import ROOT, Newman


@pytest.fixture(scope="module")
def newman(tmp_path_factory: pytest.TempPathFactory) -> Newman:
    tools = subprocess.run(
        [ROOT / "ci" / "documents" / "tools"], capture_output=True, text=True, check=True, timeout=600
    )
    return Newman(Path(tools.stdout.strip()) / "bin" / "newman", tmp_path_factory.mktemp("newman"))


@dataclasses.dataclass(frozen=True)
class Served:
    """A running system, a second gateway that asks for `key`, and one that will never meet a backend."""

    trained: Trained
    system: System
    guarded: System
    unready: System
    key: str


@pytest.fixture(scope="session")
def served(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:  # noqa: F811 - see above
    home = tmp_path_factory.mktemp("served")
    key, file = new_key(), home / "api-keys.json"
    add_key(file, entry_for(key, "postman"))
    system = describe_system(trained.model, trained.verify_key, _folder(home / "open"))
    backends = {"CHURN_GATEWAY_PRIMARY_URL": system.primary_url, "CHURN_GATEWAY_FALLBACK_URL": system.fallback_url}
    keys = {"CHURN_GATEWAY_API_KEYS": str(file), "CHURN_GATEWAY_AUTHENTICATION": "required"}
    guarded = describe_system(trained.model, trained.verify_key, _folder(home / "guarded"), **backends, **keys)
    unready = describe_system(trained.model, trained.verify_key, _folder(home / "unready"))
    unready.gateway.ready_url = unready.gateway.ready_url.replace("/readyz", "/livez")
    others: tuple[Service, ...] = (guarded.gateway, unready.gateway)
    with running(system):
        try:
            for service in others:
                service.start()
            for service in others:
                service.wait_ready()
            yield Served(trained, system, guarded, unready, key)
        finally:
            end(*others)


def _folder(path: Path) -> Path:
    path.mkdir()
    return path
