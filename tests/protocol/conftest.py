"""One system for this folder: its tests only ask, so they share it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from real_processes import System, describe_system, running


@pytest.fixture(scope="session")
def doors(package_folder: Path, keys: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Gateway, primary and fallback around the sample package."""
    home = tmp_path_factory.mktemp("doors")
    with running(describe_system(package_folder, keys.verify_path, home)) as started:
        yield started
