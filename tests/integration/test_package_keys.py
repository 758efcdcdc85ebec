"""Keys of packages come and go while everything runs; what a removed key signed is served by nobody any more."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

import patience
from churn_model import SigningKey, write_package
from churn_serving.oip import grpc_codec
from real_processes import System, describe_system, running
from sample_package import MODEL_NAME, sample_contents, sample_rows, sample_schema
from tests.integration.test_failover import CUSTOMER

BODY = {"customers": [{"customer_id": "a", "features": CUSTOMER}]}
MLMODEL = "flavors: {}\n"


class Secret:
    """A file as Kubernetes mounts it: a link to a link to a folder, swapped as a whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "verify.pem"
        self.versions = 0
        folder.mkdir()
        self.file.symlink_to("..data/verify.pem")

    def hold(self, *keys: bytes) -> None:
        self.versions += 1
        content = self.folder / f"..version-{self.versions}"
        content.mkdir()
        (content / "verify.pem").write_bytes(b"".join(keys))
        (self.folder / "..new").symlink_to(content.name)
        (self.folder / "..new").replace(self.folder / "..data")


def until(condition: Callable[[], bool], what: str) -> None:
    patience.until(condition, lambda: what)


def status(url: str) -> int:
    return httpx.get(url, timeout=30).status_code


def ask(system: System) -> httpx.Response:
    return httpx.post(f"{system.gateway_url}/v1/predictions", json=BODY, timeout=30)


def loads(system: System) -> dict[str, float]:
    """How often each process has read keys that changed."""
    found = {}
    for name in ("metrics", "primary_metrics", "fallback_metrics"):
        text = httpx.get(f"http://127.0.0.1:{system.ports[name]}/metrics", timeout=30).text
        lines = [line for line in text.splitlines() if line.startswith("churn_package_key_loads_total")]
        found[name] = sum(float(line.split()[-1]) for line in lines)
    return found


def ask_grpc(system: System, door: str) -> grpc.StatusCode:
    request = grpc_codec.encode_request(sample_rows(1, 3), sample_schema())
    request.model_name = MODEL_NAME
    with grpc.insecure_channel(f"127.0.0.1:{system.ports[door]}") as channel:
        call = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer", None, None)
        try:
            call(request.SerializeToString(), timeout=30)
        except grpc.RpcError as error:
            return error.code()
        return grpc.StatusCode.OK


def metrics(system: System) -> str:
    return httpx.get(f"http://127.0.0.1:{system.ports['metrics']}/metrics", timeout=30).text


def served_by(system: System, version: str) -> bool:
    answer = ask(system)
    return answer.status_code == 200 and (answer.json()["served_by"], answer.json()["model"]["version"]) == (
        "primary",
        version,
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def other(home: Path) -> SigningKey:
    return SigningKey.generate(home / "other.pem")


@pytest.fixture
def successor(tmp_path: Path, other: SigningKey) -> Path:
    """Version 2, signed by the other key."""
    (tmp_path / "work").mkdir()
    write_package(tmp_path / "2", sample_contents(tmp_path / "work", 2), "2", other, MLMODEL)
    return tmp_path / "2"


@pytest.fixture(scope="module")
def mounted(package_folder: Path, keys: Any, home: Path) -> Iterator[tuple[System, Secret, Secret]]:
    """A running system on a champion link; the gateway has a key file of its own. It is left trusting the first key, on
    both sides, by every test but the last."""
    theirs, ours = Secret(home / "theirs"), Secret(home / "ours")
    for secret in (theirs, ours):
        secret.hold(keys.signing.public_pem())
    (home / "champion").symlink_to(package_folder)
    system = describe_system(home / "champion", theirs.file, home, CHURN_VERIFY_KEY=str(ours.file))
    for service in (system.primary, system.fallback):
        service.command += ["--reload-seconds", "0.2"]
    with running(system):
        until(lambda: ask(system).json().get("served_by") == "primary", "the primary answers")
        yield system, theirs, ours


def test_a_gateway_trusts_no_backend_further_than_its_own_keys(
    mounted: tuple[System, Secret, Secret], keys: Any, other: SigningKey
) -> None:
    system, _, ours = mounted
    ours.hold(other.public_pem())
    until(lambda: ask(system).status_code == 503, "nothing is trusted")
    assert status(f"{system.primary_url}/v2/health/ready") == 200
    assert 'churn_package_key_loads_total{outcome="read"} 1.0' in metrics(system)
    assert "churn_model_info{" not in metrics(system)
    system.gateway.stop()
    system.gateway.start()  # nor does it after a start: what it kept on disk is proven again
    until(lambda: _answers(system), "it is up")
    assert ask(system).status_code == 503
    ours.hold(other.public_pem(), keys.signing.public_pem())
    until(lambda: served_by(system, "1"), "trusted again")


def _answers(system: System) -> bool:
    try:
        return status(f"{system.gateway_url}/livez") == 200
    except httpx.TransportError:
        return False


def test_a_rotation_from_the_first_key_to_the_next(
    mounted: tuple[System, Secret, Secret], keys: Any, other: SigningKey, successor: Path, home: Path
) -> None:
    system, theirs, ours = mounted
    first, second = keys.signing.public_pem(), other.public_pem()
    before = loads(system)
    for secret in (theirs, ours):
        secret.hold(first, second)
    until(lambda: all(loads(system)[name] > loaded for name, loaded in before.items()), "everybody has read both keys")
    until(lambda: served_by(system, "1"), "it is served with either key")
    (home / "next").symlink_to(successor)
    (home / "next").replace(home / "champion")
    until(lambda: served_by(system, "2"), "the successor answers")
    until(lambda: metrics(system).count('model_version="2",name=') == 2, "the gateway knows it from both backends")

    for secret in (theirs, ours):
        secret.hold(first)  # the key that signed what is served
    ready = [f"{url}/v2/health/ready" for url in (system.primary_url, system.fallback_url, system.gateway_url)]
    for url in ready:
        until(lambda url=url: status(url) == 503, url)  # type: ignore[misc]
    assert ask(system).json()["type"] == "urn:churn-serving:problem:not-ready"
    assert httpx.get(f"{system.gateway_url}/v1/model").status_code == 503
    for door in ("gateway_grpc", "primary_grpc"):
        assert ask_grpc(system, door) is grpc.StatusCode.UNAVAILABLE
    for url in (system.primary_url, system.fallback_url):
        assert status(f"{url}/v1/package") == 503
        assert status(f"{url}/v2/health/live") == 200

    for secret in (theirs, ours):
        secret.hold(second)
    for url in ready:
        until(lambda url=url: status(url) == 200, url)  # type: ignore[misc]
    until(lambda: served_by(system, "2"), "it is back with its key")
    assert ask_grpc(system, "primary_grpc") is grpc.StatusCode.OK

    for secret in (theirs, ours):
        secret.hold(b"broken")
    time.sleep(1.5)
    until(lambda: served_by(system, "2"), "what cannot be read changes nothing")
