"""The chart, rendered by the real helm."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.charts.rendered import Chart

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def helm() -> Path:
    """From CHURN_TOOLS, or built by the script that everybody uses."""
    folder = os.environ.get("CHURN_TOOLS")
    if not folder:
        built = subprocess.run([ROOT / "ci/cluster/tools", "helm"], check=True, stdout=subprocess.PIPE, text=True)
        folder = built.stdout.strip()
    return Path(folder) / "helm"


@pytest.fixture(scope="session")
def chart(helm: Path) -> Chart:
    return Chart(helm, ROOT / "charts" / "churn")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test may have to build helm."""
    if items:
        items[0].add_marker(pytest.mark.timeout(1800))
