"""Fixtures around the fakes of the core's ports."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from churn_model import Description, TrustedKeys, open_package
from churn_serving.core.admission import Admission
from churn_serving.core.dispatch import Dispatcher
from churn_serving.core.guarded import GuardedBackend
from churn_serving.core.policy import DecisionPolicy
from churn_serving.core.routing import Router
from sample_package import PackageMaker, arranged_contents
from tests.core.fakes import FakeBackend, Memory
from tests.core.patient_policy import PATIENT, SHIPPED
from tests.core.virtual_time import VirtualLoop

Make = Callable[..., Any]


@pytest.fixture(scope="session")
def description(package_folder: Path, keys: object) -> Description:
    trusted: TrustedKeys = keys.trusted  # type: ignore[attr-defined]
    return open_package(package_folder, trusted).description


@pytest.fixture(scope="session")
def retrained(make_package: PackageMaker, keys: object) -> Description:
    """Another version with the same schema."""
    trusted: TrustedKeys = keys.trusted  # type: ignore[attr-defined]
    return open_package(make_package(version="2", seed=3), trusted).description


@pytest.fixture(scope="session")
def rearranged(make_package: PackageMaker, keys: object, tmp_path_factory: pytest.TempPathFactory) -> Description:
    """Another version with two numbers in each other's place, so that rows of the one fit the other silently."""
    trusted: TrustedKeys = keys.trusted  # type: ignore[attr-defined]
    contents = arranged_contents(tmp_path_factory.mktemp("contents"), (2, 1, 0, 3, 4))
    return open_package(make_package(version="3", contents=contents), trusted).description


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def fake(description: Description) -> Callable[[str], FakeBackend]:
    return lambda name: FakeBackend(name, description)


@pytest.fixture
def build(fake: Callable[[str], FakeBackend], memory: Memory) -> Make:
    """A dispatcher over fakes; returns it with its backends by name. Without a policy it has the one that ships where a
    test brings its own clock, and on that of the machine, which may be busy, a patient one."""

    def make(
        names: tuple[str, ...] = ("primary", "fallback"),
        share: float = 0.0,
        policy: DecisionPolicy | None = None,
        remembered: Description | None = None,
        lag: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> tuple[Dispatcher, dict[str, FakeBackend], dict[str, GuardedBackend]]:
        policy = policy or (PATIENT if clock is time.monotonic else SHIPPED)
        fakes = {name: fake(name) for name in names}
        guarded = {name: GuardedBackend(backend, policy, memory, clock) for name, backend in fakes.items()}
        router = Router(guarded["primary"], guarded.get("canary"), guarded.get("fallback"), share)
        admission = Admission(policy, memory, lambda: lag)
        return Dispatcher(router, admission, policy, memory, clock, lambda: remembered), fakes, guarded

    return make


@pytest.fixture
def in_virtual_time() -> Callable[[Callable[[VirtualLoop], Coroutine[Any, Any, Any]]], Any]:
    """Runs a coroutine function on a loop whose clock jumps; it is given the loop."""

    def run(main: Callable[[VirtualLoop], Coroutine[Any, Any, Any]]) -> Any:
        loop = VirtualLoop()
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            return runner.run(main(loop))

    return run
