"""Several predictors behind one address, as behind a Service: each gets its share, and one that dies costs nothing.

The proxy gives each new connection to the next predictor and keeps it there, as kube-proxy does.
"""

import contextlib
import itertools
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from churn_model import Package, TrustedKeys, open_package
from churn_serving.adapters.http_backend import HttpBackend, open_session
from churn_serving.adapters.renewal import CALLS, SECONDS, Renewal
from churn_serving.core.errors import BackendTimeout, BackendUnreachable
from patience import PATIENCE_SECONDS, until
from ports import free_port
from real_processes import Service, describe_system, end, mend, running
from sample_package import PackageMaker, sample_rows, sample_schema
from tests.integration.tcp_proxy import TcpProxy, running_proxy
from tests.integration.test_failover import Traffic, mostly

ROWS = sample_rows(1, 5)
SCHEMA = sample_schema()


def predictor(number: int, model: Path, keys: Any, folder: Path) -> tuple[Service, int]:
    port = free_port()
    command = ["churn_serving.predictor", "--model", str(model), "--http-port", str(port), "--grpc-port", "0"]
    command += ["--metrics-port", "0", "--drain-seconds", "1"]
    shared = {"CHURN_HOME": str(folder), "CHURN_VERIFY_KEY": str(keys.verify_path)}
    ready = f"http://127.0.0.1:{port}/v2/health/ready"
    return Service(f"pod {number}", command, shared, ready, folder / f"pod-{number}.log"), port


@contextlib.contextmanager
def started(*services: Service) -> Iterator[None]:
    try:
        for service in services:
            service.start()
        for service in services:
            service.wait_ready()
        yield
    finally:
        end(*services)


@pytest.fixture(scope="module")
def pods(
    package_folder: Path, keys: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[tuple[Service, int]]]:
    """Two predictors and their ports; whoever ends one has it started again by who needs both."""
    folder = tmp_path_factory.mktemp("pods")
    made = [predictor(number, package_folder, keys, folder) for number in range(2)]
    with started(*(service for service, _ in made)):
        yield made


@pytest.fixture
def address(pods: list[tuple[Service, int]]) -> Iterator[TcpProxy]:
    """What leads to both pods, and nobody else uses."""
    mend(*(service for service, _ in pods))
    with running_proxy(*(port for _, port in pods)) as proxy:
        yield proxy


async def test_calls_spread_over_all_pods(address: TcpProxy, keys: Any) -> None:
    trusted: TrustedKeys = keys.trusted
    async with open_session() as session:
        backend = HttpBackend("primary", address.url, session, trusted, lambda *_: None, lambda: 0.0)
        for _ in range(4 * CALLS):
            await backend.score(ROWS, SCHEMA, PATIENCE_SECONDS)
        assert address.opened in ([2, 3], [3, 2])


@pytest.fixture(scope="module")
def next_version(
    make_package: PackageMaker, keys: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, int]]:
    """A newer model and the port of its pod."""
    model = make_package(version="2", seed=3)
    service, port = predictor(2, model, keys, tmp_path_factory.mktemp("next"))
    with started(service):
        yield model, port


@pytest.fixture
def two_versions(
    pods: list[tuple[Service, int]], next_version: tuple[Path, int], package_folder: Path, keys: Any
) -> Iterator[tuple[str, dict[str, Package]]]:
    """An address where an old and a new model answer by turns, as while one rolls out; and both by their digests."""
    (former, port), (model, next_port) = pods[0], next_version
    mend(former)
    packages = [open_package(folder, keys.trusted) for folder in (package_folder, model)]
    with running_proxy(port, next_port) as proxy:
        yield proxy.url, {package.digest: package for package in packages}


async def test_a_rollout_is_answered_by_both_of_its_versions(
    two_versions: tuple[str, dict[str, Package]], keys: Any
) -> None:
    """Every call is the last of its connection, so the next one always meets the other version."""
    url, packages = two_versions
    clock = itertools.count(step=2 * SECONDS)
    async with open_session() as session:
        backend = HttpBackend("primary", url, session, keys.trusted, lambda *_: None, lambda: next(clock))
        answers = [await backend.score(ROWS, SCHEMA, PATIENCE_SECONDS) for _ in range(41)]
    assert {answer.description.digest for answer in answers} == set(packages)
    assert all(answer.scores == packages[answer.description.digest].scorer.score(ROWS) for answer in answers)


async def test_a_probe_during_a_rollout_proves_the_version_that_it_meets(
    two_versions: tuple[str, dict[str, Package]], keys: Any
) -> None:
    url, _ = two_versions
    async with open_session() as session:
        learned: list[str] = []
        backend = HttpBackend(
            "primary", url, session, keys.trusted, lambda _, seen: learned.append(seen.digest), lambda: 0.0
        )
        assert [await backend.probe(PATIENCE_SECONDS) for _ in range(2 * CALLS)] == [True] * 2 * CALLS
        assert len(set(learned)) == 2


async def test_a_call_that_timed_out_takes_its_connection_along(address: TcpProxy, keys: Any) -> None:
    async with open_session() as session:
        backend = HttpBackend("primary", address.url, session, keys.trusted, lambda *_: None, lambda: 0.0)
        await backend.score(ROWS, SCHEMA, PATIENCE_SECONDS)
        address.lose_connections()
        with pytest.raises(BackendTimeout):
            await backend.score(ROWS, SCHEMA, 0.1)
        assert (await backend.score(ROWS, SCHEMA, PATIENCE_SECONDS)).scores.probabilities


async def test_an_address_that_refuses_and_one_that_is_silent_may_be_asked_again(keys: Any) -> None:
    with socket.socket() as silent, contextlib.ExitStack() as waiting:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        for _ in range(3):  # the queue is full: whoever knocks now is not even refused
            caller = waiting.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(silent.getsockname())
        async with open_session() as session:
            for port in (free_port(), silent.getsockname()[1]):
                backend = HttpBackend("primary", f"http://127.0.0.1:{port}", session, keys.trusted, lambda *_: None)
                with pytest.raises(BackendUnreachable):
                    await backend.learn()


def test_when_a_connection_has_served_long_enough() -> None:
    now = 0.0
    renewal = Renewal(lambda: now)
    ends = Counter(renewal.due() for _ in range(10 * CALLS))
    assert ends[True] == 10
    now = SECONDS
    assert [renewal.due() for _ in range(3)] == [True, False, False]


@pytest.fixture(scope="module")
def behind_one_address(
    pods: list[tuple[Service, int]], package_folder: Path, keys: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, TcpProxy]]:
    """Where a gateway listens that reaches both pods as its primary through the proxy; its fallback is another."""
    with running_proxy(*(port for _, port in pods)) as proxy:
        primary = {"CHURN_GATEWAY_PRIMARY_URL": proxy.url}
        system = describe_system(package_folder, keys.verify_path, tmp_path_factory.mktemp("home"), **primary)
        with running(system, system.fallback, system.gateway):
            yield system.gateway_url, proxy


@pytest.fixture
def traffic(pods: list[tuple[Service, int]], behind_one_address: tuple[str, TcpProxy]) -> Iterator[Traffic]:
    """Steady traffic through that gateway."""
    mend(*(service for service, _ in pods))
    with Traffic(behind_one_address[0]) as asking:
        asking.wait_for("primary")
        yield asking


def test_connections_that_lead_nowhere_cost_no_request(
    behind_one_address: tuple[str, TcpProxy], traffic: Traffic
) -> None:
    moment = time.monotonic()
    time.sleep(1)
    behind_one_address[1].lose_connections()
    time.sleep(3)
    stays(traffic, moment, 0.5)


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_a_pod_that_ends_costs_no_request(
    pods: list[tuple[Service, int]], traffic: Traffic, ending: signal.Signals
) -> None:
    moment = time.monotonic()
    time.sleep(1)
    pods[0][0].signal(ending)
    time.sleep(3)  # every other new connection meets the dead pod all the time
    stays(traffic, moment, 0.7)


def stays(traffic: Traffic, moment: float, share: float) -> None:
    """More than this share of all since then is the primary's, and every request is answered. A busy machine may have
    it left alone for some seconds, which more and more answers outweigh."""

    def most() -> bool:
        answers = traffic.since(moment)
        return answers["primary"] > share * answers.total()

    until(most, lambda: f"the primary does not stay: {traffic.since(moment)}")
    assert mostly(traffic.since(moment), "primary", "fallback")
    traffic.wait_for("primary")
