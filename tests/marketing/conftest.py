"""Real customers, scored twice by a trained champion, and the app that shows them."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import pandas
import pytest

from tests.marketing.running_app import App, Scored, running_app, score, settle

if TYPE_CHECKING:
    from churn_training.packaging.home import Home
    from churn_training.pipeline import TrainingOutcome

RunApp = Callable[..., AbstractContextManager[App]]


@pytest.fixture(scope="session")
def scored(
    trained: "tuple[Home, TrainingOutcome]", telco_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Scored:
    """Two batches of real customers: in the second some are gone, some are new and all have stayed a month longer."""
    home, outcome = trained
    folder = tmp_path_factory.mktemp("scored")
    result = Scored(folder, home.packages(outcome.registered.name) / "champion", home.verify_key, "telecom")
    result.batches.mkdir()
    result.customers.mkdir()
    first = pandas.read_csv(telco_path, dtype=str).iloc[:-60]
    second = pandas.read_csv(telco_path, dtype=str).iloc[40:]
    second["tenure"] = [str(int(months) + 1) for months in second["tenure"]]
    for age, name, customers in ((30 * 86_400, "2026-10", first), (60, "2026-11", second)):
        source = result.customers / f"{name}.csv"
        customers.drop(columns="Churn").to_csv(source, index=False)
        score(result, source, result.batches / f"{name}.parquet")
        settle(result.batches / f"{name}.parquet", age)
    return result


@pytest.fixture(scope="session")
def run_app(scored: Scored, tmp_path_factory: pytest.TempPathFactory) -> RunApp:
    """Start and end an app on these batches, or on a home given as ``scored``, as a context manager."""

    def run(scored: Scored = scored, state: Path | None = None, **settings: object) -> AbstractContextManager[App]:
        return running_app(scored, state or tmp_path_factory.mktemp("state"), **settings)

    return run


@pytest.fixture(scope="module")
def app(run_app: RunApp) -> Iterator[App]:
    """An app whose newest batch is shown; tests of a module share it."""
    with run_app() as started:
        wait_shown(started, "2026-11")
        yield started


def wait_shown(app: App, batch: str) -> None:
    """Until the app shows a batch and prepares none."""
    with app.client() as client:
        deadline = time.monotonic() + 120  # only what hangs gets there
        while not _shows(client.get("/").text, batch):
            assert time.monotonic() < deadline, app.log
            time.sleep(0.1)


def _shows(page: str, batch: str) -> bool:
    return f"<strong>{batch}</strong>" in page and "is being prepared" not in page
