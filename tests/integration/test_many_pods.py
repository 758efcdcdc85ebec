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
from ports import free_port
from real_processes import Service, System, describe_system, end, running
from sample_package import PackageMaker, sample_rows, sample_schema
from tests.integration.tcp_proxy import TcpProxy, running_proxy
from tests.integration.test_failover import Traffic, nearly_all

ROWS = sample_rows(1, 5)
SCHEMA = sample_schema()


def predictor(number: int, model: Path, keys: Any, folder: Path) -> tuple[Service, int]:
    port = free_port()
    command = ["churn_serving.predictor", "--model", str(model), "--http-port", str(port), "--grpc-port", "0"]
    command += ["--metrics-port", "0", "--drain-seconds", "1"]
    shared = {"CHURN_HOME": str(folder), "CHURN_VERIFY_KEY": str(keys.verify_path)}
    ready = f"http://127.0.0.1:{port}/v2/health/ready"
    return Service(f"pod {number}", command, shared, ready, folder / f"pod-{number}.log"), port


@pytest.fixture
def pods(package_folder: Path, keys: Any, tmp_path: Path) -> Iterator[tuple[list[Service], TcpProxy]]:
    """Two predictors and the address that leads to both."""
    made = [predictor(number, package_folder, keys, tmp_path) for number in range(2)]
    try:
        for service, _ in made:
            service.start()
        for service, _ in made:
            service.wait_ready()
        with running_proxy(*(port for _, port in made)) as proxy:
            yield [service for service, _ in made], proxy
    finally:
        end(*(service for service, _ in made))


@pytest.fixture
def traffic(pods: tuple[list[Service], TcpProxy], package_folder: Path, keys: Any, tmp_path: Path) -> Iterator[Traffic]:
    """Steady traffic through a gateway that reaches its primary through the proxy."""
    address = {"CHURN_GATEWAY_PRIMARY_URL": pods[1].url}
    system: System = describe_system(package_folder, keys.verify_path, tmp_path, **address)
    system.primary.command = ["http.server", str(free_port()), "--bind", "127.0.0.1"]  # the pods are the primary
    system.primary.ready_url = pods[1].url + "/v2/health/ready"
    with running(system), Traffic(system.gateway_url) as started:
        started.wait_for("primary", 20)
        yield started


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_a_pod_that_ends_costs_no_request(
    pods: tuple[list[Service], TcpProxy], traffic: Traffic, ending: signal.Signals
) -> None:
    moment = time.monotonic()
    time.sleep(1)
    pods[0][0].signal(ending)
    time.sleep(3)  # every other new connection meets the dead pod all the time
    answers = traffic.since(moment)
    assert nearly_all(answers, "primary", "fallback")
    assert answers["primary"] > 0.9 * answers.total()
    assert traffic.answers[-1][1] == "primary"


def test_connections_that_lead_nowhere_cost_no_request(pods: tuple[list[Service], TcpProxy], traffic: Traffic) -> None:
    moment = time.monotonic()
    time.sleep(1)
    pods[1].lose_connections()
    time.sleep(3)
    answers = traffic.since(moment)
    assert nearly_all(answers, "primary", "fallback")
    assert answers["fallback"] < 10
    assert traffic.answers[-1][1] == "primary"


async def test_calls_spread_over_all_pods(pods: tuple[list[Service], TcpProxy], keys: Any) -> None:
    trusted: TrustedKeys = keys.trusted
    async with open_session() as session:
        backend = HttpBackend("primary", pods[1].url, session, trusted, lambda *_: None, lambda: 0.0)
        for _ in range(4 * CALLS):
            await backend.score(ROWS, SCHEMA, 1.0)
        assert pods[1].opened in ([2, 3], [3, 2])


@pytest.fixture
def two_versions(
    package_folder: Path, make_package: PackageMaker, keys: Any, tmp_path: Path
) -> Iterator[tuple[str, dict[str, Package]]]:
    """An address where an old and a new model answer by turns, as while one rolls out; and both by their digests."""
    folders = [package_folder, make_package(version="2", seed=3)]
    made = [predictor(number, folder, keys, tmp_path) for number, folder in enumerate(folders)]
    try:
        for service, _ in made:
            service.start()
        for service, _ in made:
            service.wait_ready()
        packages = [open_package(folder, keys.trusted) for folder in folders]
        with running_proxy(*(port for _, port in made)) as proxy:
            yield proxy.url, {package.digest: package for package in packages}
    finally:
        end(*(service for service, _ in made))


async def test_a_rollout_is_answered_by_both_of_its_versions(
    two_versions: tuple[str, dict[str, Package]], keys: Any
) -> None:
    """Every call is the last of its connection, so the next one always meets the other version."""
    url, packages = two_versions
    clock = itertools.count(step=2 * SECONDS)
    async with open_session() as session:
        backend = HttpBackend("primary", url, session, keys.trusted, lambda *_: None, lambda: next(clock))
        answers = [await backend.score(ROWS, SCHEMA, 1.0) for _ in range(41)]
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
        assert [await backend.probe(1.0) for _ in range(2 * CALLS)] == [True] * 2 * CALLS
        assert len(set(learned)) == 2


async def test_a_call_that_timed_out_takes_its_connection_along(
    pods: tuple[list[Service], TcpProxy], keys: Any
) -> None:
    async with open_session() as session:
        backend = HttpBackend("primary", pods[1].url, session, keys.trusted, lambda *_: None, lambda: 0.0)
        await backend.score(ROWS, SCHEMA, 1.0)
        pods[1].lose_connections()
        with pytest.raises(BackendTimeout):
            await backend.score(ROWS, SCHEMA, 0.1)
        assert (await backend.score(ROWS, SCHEMA, 1.0)).scores.probabilities


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
