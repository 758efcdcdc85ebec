"""Fixtures around the fakes of the core's ports."""

from collections.abc import Callable
from pathlib import Path

import pytest

from churn_model import Description, TrustedKeys, open_package
from tests.core.fakes import FakeBackend, Memory


@pytest.fixture(scope="session")
def description(package_folder: Path, keys: object) -> Description:
    trusted: TrustedKeys = keys.trusted  # type: ignore[attr-defined]
    return open_package(package_folder, trusted).description


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def fake(description: Description) -> Callable[[str], FakeBackend]:
    return lambda name: FakeBackend(name, description)
