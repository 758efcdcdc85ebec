"""A store of one's own."""

from pathlib import Path

import pytest

from tests.outcomes.answered import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)
