"""Months of answers and what became of customers, on one machine: a window of them is trained on once for each sign,
and the gate holds what comes of it against the champion."""

import json
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy
import pandas
import pytest

from churn_cli.main import main
from churn_data.dataset import Dataset, rows_of
from churn_data.sources import read_customers
from churn_model.mlflow_registry import MlflowRegistry, connect
from churn_model.package import Package, open_package
from churn_model.usecase import load_usecase
from churn_training.packaging.exporting import export_champion
from churn_training.packaging.home import Home
from churn_training.packaging.keys import trusted_keys
from churn_training.pipeline import train
from tests.drift.asked import KEY, put
from tests.retraining.test_retrain import MODEL, store_of
from tests.training.small_families import small_candidates

NO_WAIT = ("--cool-down", "0", "--labels", "500")
MONTH = timedelta(days=31)
MONTHS = 3
TODAY = datetime.now(UTC).date()
FIRST = TODAY - MONTHS * MONTH
"""The day of the first answers; outcomes are known until today."""


class World(NamedTuple):
    """A use case that lets the log keep every feature, its champion, and whom it was asked about: of the n-th month
    those who were there and had not left."""

    usecase: str
    champion: Package
    customers: Dataset

    def there(self, month: int) -> numpy.ndarray:
        """A third joins each month; who leaves does so in the first month."""
        third = len(self.customers) // MONTHS
        places = numpy.arange(third * (month + 1))
        found: numpy.ndarray = places[(self.customers.churned[places] == 0) | (places >= third * month)]
        return found

    def frame(self, month: int) -> pandas.DataFrame:
        """Customers as they are then: a month older for each."""
        frame = self.customers.take(self.there(month)).frame
        return frame.assign(tenure=frame["tenure"] + month)

    def named(self, month: int) -> list[str]:
        return [f"customer {place}" for place in self.there(month)]

    def answer(self, home: Home, frame: pandas.DataFrame, began: float, named: list[str]) -> None:
        rows = rows_of(frame)
        scored = self.champion.scorer.score(rows)
        answers = list(zip(scored.probabilities, scored.segments, strict=True))
        put(store_of(home), rows, began, seconds=0.1, digest=self.champion.digest, answers=answers,
            schema=self.champion.manifest.schema, name=lambda place: named[place])  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def mlflow_comes_first(mlflow_is_loaded: None) -> None:
    """MLflow's warnings of its own modules are over before a test begins."""


@pytest.fixture(autouse=True)
def a_command_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CHURN_PREDICTION_LOG_STORE", "CHURN_GATEWAY_PREDICTION_LOG_KEYS", "CHURN_JOB_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("churn_training.pipeline.default_candidates", lambda: small_candidates()[1:2])


@pytest.fixture
def world(home: Home, telco_path: Path, tmp_path: Path) -> World:
    """What is answered in three months, and nothing of what became of it yet."""
    text = (Path(__file__).parents[2] / "model_repo" / "usecases" / "telecom.yaml").read_text()
    usecase = tmp_path / "telecom.yaml"
    usecase.write_text(
        text.replace(
            "    [tenure, PhoneService", "    [gender, SeniorCitizen, Partner, Dependents, tenure, PhoneService"
        )
    )
    customers = read_customers(telco_path, load_usecase(str(usecase)), lambda _: None)
    train(customers.take(numpy.arange(1500)), home, candidates=small_candidates()[1:2], parts=2, promotion="always")
    export_champion(MlflowRegistry(connect(home.tracking_uri)), MODEL, home)
    champion = open_package((home.packages(MODEL) / "champion").resolve(), trusted_keys(home))
    found = World(str(usecase), champion, customers.take(numpy.arange(1500, 4500)))
    for month in range(MONTHS):
        began = datetime.combine(FIRST + month * MONTH, datetime.min.time(), UTC).timestamp()
        found.answer(home, found.frame(month), began, found.named(month))
    secret = {"keys": [{"id": KEY.id, "secret": (b"k" * 32).hex()}]}
    (home.path / "keys").mkdir(exist_ok=True)
    (home.path / "keys" / "prediction-log.json").write_text(json.dumps(secret))
    return found


def say_what_became(world: World, folder: Path, until: date) -> None:
    """Whoever left by a day did so ten days after the first answer; all others were seen on it."""
    lines = ["customerID,Churn,outcome_on"]
    third = len(world.customers) // MONTHS
    for place, left in enumerate(world.customers.churned[: third * MONTHS].tolist()):
        left_on = FIRST + (place // third) * MONTH + timedelta(days=10)
        gone = left and left_on <= until
        lines.append(f"customer {place},{'Yes' if gone else 'No'},{left_on if gone else until}")
    path = folder / f"labels-{until}.csv"
    path.write_text("\n".join(lines) + "\n")
    assert main(["outcomes", "load", str(path), "--usecase", world.usecase, "--json"]) == 0


def expected(world: World) -> pandas.DataFrame:
    """Every answer to customers whose month is over, by pseudonym and month."""
    parts = []
    for month in range(MONTHS):
        there = world.there(month)
        frame = world.frame(month)[["gender", "tenure", "MonthlyCharges", "Contract"]]
        names = [f"pseudonym-first-{KEY.of(each).hex()}" for each in world.named(month)]
        left = numpy.where(world.customers.churned[there] == 1, "Yes", "No")
        parts.append(frame.assign(customerID=names, Churn=left, month=month))
    return pandas.concat(parts).sort_values(["customerID", "month"], ignore_index=True)


def last_json(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return found


def refused_without_outcomes(world: World, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked_by_age = ("--every", "0.000001", "--cool-down", "0")
    for command in (["window", "--into", str(folder / "w.parquet")], ["retrain", "--window", "3", *asked_by_age]):
        assert main([*command, "--usecase", world.usecase]) == 2
        assert "no outcome is known yet: churn outcomes load LABELS" in capsys.readouterr().err.splitlines()[-1]


def window_made(world: World, folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What is said of a window of three months, which holds what it should and is made once."""
    kept, usecase = folder / "windows" / "window.parquet", ("--usecase", world.usecase)
    assert main(["window", "--into", str(kept), "--months", "3", *usecase, "--json"]) == 0
    made = last_json(capsys)
    frame, wanted = pandas.read_parquet(kept), expected(world)
    assert frame[["customerID", "gender", "tenure", "MonthlyCharges", "Contract", "Churn"]].equals(
        wanted[["customerID", "gender", "tenure", "MonthlyCharges", "Contract", "Churn"]]
    )
    assert (made["rows"], made["customers"], made["leavers"]) == (
        len(wanted),
        3000,
        int((wanted["Churn"] == "Yes").sum()),
    )
    assert main(["window", "--into", str(kept), *usecase, "--json"]) == 0
    assert (again := last_json(capsys)) == {"data": str(kept), "sha256": made["sha256"], "made": False}, again
    return made


def drifted(world: World, home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    """Today's customers pay forty more: a drift, of whom nobody knows yet what becomes of them."""
    dearer = world.customers.frame.assign(MonthlyCharges=world.customers.frame["MonthlyCharges"] + 40.0)
    world.answer(home, dearer, time.time(), [f"new {place}" for place in range(len(dearer))])
    time.sleep(0.2)
    assert main(["drift", "check", "--json"]) == 3
    capsys.readouterr()


def held_against_the_champion(world: World, home: Home, run_id: str, capsys: pytest.CaptureFixture[str]) -> Any:
    """Why the second version was asked for, as its tags and its run's have it; the gate has looked at it."""
    assert main(["compare", "2", "--json", "--usecase", world.usecase]) == 0
    rules = {each["rule"]: each["why"] for each in last_json(capsys)["findings"]}
    assert {"strangers", "log_loss", "groups"} <= rules.keys(), rules
    assert "the champion knew its customers by other names" in rules["strangers"]
    client = connect(home.tracking_uri)
    (said,) = {
        tags["churn.asked_for_by"]
        for tags in (client.get_model_version(MODEL, "2").tags, client.get_run(run_id).data.tags)
    }
    return said


def test_what_was_predicted_and_what_happened_is_trained_on_once(
    world: World, home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused_without_outcomes(world, tmp_path, capsys)
    say_what_became(world, tmp_path, TODAY)
    made = window_made(world, tmp_path, capsys)
    drifted(world, home, capsys)
    words = ("retrain", "--window", "3", "--budget", "0", "--json", *NO_WAIT, "--usecase", world.usecase)
    assert main([*words]) == 0
    found = last_json(capsys)
    assert (found["version"], found["fired"], found["window"]["rows"]) == ("2", ["drift", "labels"], made["rows"])
    assert (found["data"]["sha256"], found["data"]["customers"]) == (made["sha256"], 3000)
    assert held_against_the_champion(world, home, found["run_id"], capsys) == found["reason"]
    assert "MonthlyCharges" in found["reason"]

    # The same drift and labels train no second time, and neither does the same window, whatever else asks.
    main(["drift", "check", "--json"])
    assert main([*words]) == 0
    assert last_json(capsys)["outcome"] == "rest"
    assert main([*words, "--every", "0.000001"]) == 0
    found = last_json(capsys)
    assert (found["outcome"], found["window"]["rows"]) == ("wait", made["rows"])
    assert "the data are those of version 2" in found["reason"]
    assert len(MlflowRegistry(connect(home.tracking_uri)).versions(MODEL)) == 2


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("window", "--into", "w.csv"), "churn: w.csv: --into names no file that ends with .parquet"),
        (("window", "--into", "w.parquet"), "does not allow gender, SeniorCitizen, Partner, Dependents"),
        (("window", "--into", "w.parquet", "--months", "0"), '"0" is not a number of months from 1 to 36'),
        (("window", "--into", "w.parquet", "--arms", "nowhere.csv"), "does not allow gender"),
        (("retrain", "--window", "3", "--data", "a.csv"), "says what is trained on already, --data does too"),
    ],
)
def test_bad_input_is_one_line(words: tuple[str, ...], problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = main([*words])
    except SystemExit as error:
        code = int(str(error.code))
    said = capsys.readouterr().err
    assert (code, "Traceback" in said) == (2, False), said
    assert problem in said.splitlines()[-1]
