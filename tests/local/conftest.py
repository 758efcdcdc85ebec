"""Ports and starts for the tests of the local start; nothing outlives its test."""

import contextlib
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ports import free_port
from sample_package import Keys, PackageMaker
from tests.local.starts import Start, wait_until


@pytest.fixture
def free_ports() -> list[int]:
    """Seven ports that nothing listens on."""
    return [free_port() for _ in range(7)]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Start]]:
    """Start small services; whatever a test leaves running is killed after it."""
    starts: list[Start] = []

    def begin(*services: str, home: str = "home") -> Start:
        starts.append(Start(tmp_path / home, services))
        return starts[-1]

    yield begin
    for each in starts:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(each.process.pid, signal.SIGKILL)
        each.process.wait()
        wait_until(lambda each=each: not each.leftovers())  # type: ignore[misc]


@pytest.fixture
def make_model(tmp_path: Path, make_package: PackageMaker, keys: Keys) -> Callable[..., Path]:
    """Lay out a model folder as training leaves it, with the key beside it; returns the folder to give as `--model`."""

    def make(**changes: object) -> Path:
        folder = tmp_path / "packages" / "churn-sample"
        shutil.copytree(make_package(version="3", **changes), folder / "3")
        (folder / "champion").symlink_to("3")
        (tmp_path / "keys").mkdir()
        shutil.copy(keys.verify_path, tmp_path / "keys" / "verify.pem")
        return folder

    return make
