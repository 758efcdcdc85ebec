"""`churn retrain` on one machine: a drift that the log shows asks for one training, and the same drift for no other."""

import json
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy
import pyarrow
import pytest

from churn_cli.main import main
from churn_cli.retrain_signs import lost_profit
from churn_data.dataset import Dataset, rows_of
from churn_model.mlflow_registry import MlflowRegistry, connect
from churn_model.package import open_package
from churn_monitoring.outcomes.statements import keep_statements
from churn_monitoring.prediction_log.store import Store
from churn_training.packaging.exporting import export_champion
from churn_training.packaging.home import Home
from churn_training.packaging.keys import trusted_keys
from churn_training.pipeline import TrainingOutcome, train
from tests.drift.asked import put
from tests.training.small_families import small_candidates

MODEL = "churn-telecom"
NO_WAIT = ("--cool-down", "0", "--labels", "50")


@pytest.fixture(scope="session", autouse=True)
def mlflow_comes_first(mlflow_is_loaded: None) -> None:
    """MLflow's warnings of its own modules are over before a test begins."""


@pytest.fixture(autouse=True)
def no_store_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CHURN_PREDICTION_LOG_STORE", "CHURN_JOB_NAME"):
        monkeypatch.delenv(name, raising=False)


def store_of(home: Home) -> Store:
    return Store(home.path / "predictions" / "log")


def asked(capsys: pytest.CaptureFixture[str], *words: str, mode: str = "--check") -> tuple[int, dict[str, Any], str]:
    capsys.readouterr()
    code = main(["retrain", mode, "--json", *words])
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    return code, json.loads(lines[-1]) if lines else {}, captured.err


def trained(home: Home, customers: Dataset, *, promoted: bool) -> TrainingOutcome:
    outcome = train(
        customers, home, candidates=small_candidates()[1:2], parts=2, promotion="always" if promoted else "never"
    )
    export_champion(MlflowRegistry(connect(home.tracking_uri)), MODEL, home)
    return outcome


def answer(home: Home, customers: Dataset) -> None:
    """The champion is asked about customers who all pay forty more than they did, just now."""
    package = open_package((home.packages(MODEL) / "champion").resolve(), trusted_keys(home))
    dearer = customers.frame.assign(MonthlyCharges=customers.frame["MonthlyCharges"] + 40.0)
    rows = rows_of(dearer)
    scored = package.scorer.score(rows)
    answers = list(zip(scored.probabilities, scored.segments, strict=True))
    put(store_of(home), rows, time.time(), seconds=0.1, digest=package.digest, schema=package.manifest.schema,
        answers=answers)  # fmt: skip
    time.sleep(0.2)


def say_of(home: Home, count: int, keys: tuple[str, ...]) -> None:
    """So many customers were seen to have stayed; each key has a pseudonym of each."""
    rows = pyarrow.table(
        {
            "customer": [f"{key:.5}{n:011d}".encode() for key in keys for n in range(count)],
            "key": [key for key in keys for _ in range(count)],
            "churned": [False] * count * len(keys),
            "outcome_on": pyarrow.array([20_000] * count * len(keys), pyarrow.int32()).cast(pyarrow.date32()),
        }
    )
    keep_statements(store_of(home), "telecom", 20_000, 0, round(time.time() * 1_000_000), rows)


def followed(version: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever goes by the name of the Job that trained it finds its version, refused, and trains no second one."""
    capsys.readouterr()
    assert main(["compare", "job:airflow-1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (found["version"], found["champion"], found["passed"], [*found["figures"]]) == (
        version, "1", False, [version, "1"],
    )  # fmt: skip
    failed = [each["rule"] for each in found["findings"] if not each["passed"]]
    assert failed, found
    assert main(["compare", "job:airflow-1", "--require"]) == 4
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith(
        f"churn: {MODEL} version {version}: the gate did not pass it (asked not to be; the gate: "
    ), line
    assert main(["promote", "job:airflow-1"]) == 2
    assert "the gate did not pass it" in capsys.readouterr().err.splitlines()[-1]
    assert main(["compare", "job:another"]) == 2
    assert "Job 'another' has made no version" in capsys.readouterr().err.splitlines()[-1]
    assert main(["train", "--no-promote", "--json"]) == 0
    captured = capsys.readouterr()
    assert (json.loads(captured.out)["version"], json.loads(captured.out)["made_before"]) == (version, True)
    assert "nothing is trained again" in captured.err


def due_without_a_version(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    """A training is, although there is a model of another use case."""
    other = home.packages("churn-other")
    (other / "champion").mkdir(parents=True)
    code, found, said = asked(capsys, *NO_WAIT)
    assert (code, found["reason"]) == (3, "there is no version yet"), said
    assert f"{MODEL}: a training is due: there is no version yet (there is one of churn-other; --usecase says" in said
    shutil.rmtree(other)


def due_by_drift(capsys: pytest.CaptureFixture[str]) -> None:
    """The champion's customers have drifted, and a training is due for that, unless there was one just now."""
    assert main(["drift", "check", "--json"]) == 3
    code, found, said = asked(capsys, *NO_WAIT)
    assert (code, found["fired"]) == (3, ["drift"]), said
    assert said.splitlines()[-1].startswith("churn: a training is due: drift: ")
    assert "MonthlyCharges" in found["reason"]
    assert asked(capsys, *NO_WAIT, mode="--require")[0] == 0
    code, found, _ = asked(capsys, "--cool-down", "24h")
    assert (code, found["outcome"], found["not_before"] > datetime.now(UTC).isoformat()) == (0, "wait", True)


def test_the_same_drift_trains_once(
    home: Home,
    telco: Dataset,
    telco_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    due_without_a_version(home, capsys)
    trained(home, telco.take(numpy.arange(1500)), promoted=True)
    code, found, _ = asked(capsys, *NO_WAIT)
    assert (code, found["outcome"], found["triggers"]["drift"]["state"]) == (0, "rest", "unknown")
    assert "no drift watch has looked at it" in found["triggers"]["drift"]["why"]

    answer(home, telco.take(numpy.arange(1500, 4500)))
    due_by_drift(capsys)

    # Its challenger does not win, so the drift of the champion's customers stands.
    with monkeypatch.context() as in_a_job:
        in_a_job.setenv("CHURN_JOB_NAME", "airflow-1")
        outcome = trained(home, telco.take(numpy.arange(1500, 3000)), promoted=False)
        followed(outcome.registered.version, capsys)
    assert main(["drift", "check", "--json"]) == 3
    code, found, _ = asked(capsys, *NO_WAIT)
    assert (code, found["triggers"]["drift"]["state"]) == (0, "trained")
    assert f"already trained on it: version {outcome.registered.version}" in found["reason"]
    code, _, said = asked(capsys, *NO_WAIT, mode="--require")
    assert code == 4
    assert said.splitlines()[-1].startswith("churn: no training is due: nothing asks for a training; drift: already")

    assert main(["retrain", "--json", *NO_WAIT]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["outcome"] == "rest"
    assert len(MlflowRegistry(connect(home.tracking_uri)).versions(MODEL)) == 2
    # Its age would ask for a training, but of the very same file nothing would come.
    code, found, _ = asked(capsys, *NO_WAIT, "--every", "0.000001", "--data", str(telco_path))
    assert (code, found["outcome"], found["fired"]) == (0, "wait", ["schedule"])
    assert f"the data are those of version {outcome.registered.version}" in found["reason"]

    say_of(home, 49, ("first", "later"))
    assert asked(capsys, *NO_WAIT)[1]["triggers"]["labels"]["state"] == "quiet"
    say_of(home, 50, ("later",))
    assert asked(capsys, *NO_WAIT)[1]["fired"] == ["labels"]


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--every", "0"), '"0" is not a number of days above 0, at most 3650'),
        (("--labels", "many"), '"many" is not a number of customers'),
        (("--cool-down", "soon"), "'soon' is not a duration"),
        (("--check", "--require"), "not allowed with argument --check"),
        (("--data", "nowhere.csv"), "churn: nowhere.csv: "),
        (("--usecase", "nowhere.yaml"), "churn: nowhere.yaml: "),
    ],
)
def test_bad_input_is_one_line(words: tuple[str, ...], problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = main(["retrain", "--check", *words])
    except SystemExit as error:
        code = int(str(error.code))
    said = capsys.readouterr().err
    assert (code, "Traceback" in said) == (2, False), said
    assert problem in said.splitlines()[-1]


def report(**changed: Any) -> dict[str, Any]:
    whole = {
        "kind": "all", "level": "", "expected_profit": 2.0,
        "profit": {"estimate": 1.0, "lower": 0.5, "upper": 1.5},
    } | changed  # fmt: skip
    return {
        "first": "2026-09-01", "last": "2026-09-30", "said_until": "2026-11-05T10:00:00+00:00",
        "models": [{"digest": "sha256:1", "slices": [whole]}],
    }  # fmt: skip


def test_a_model_that_earns_less_than_it_promised() -> None:
    found = lost_profit(report(), "sha256:1")
    assert not isinstance(found, str)
    (sign,) = found
    assert sign.seen == datetime(2026, 11, 5, 10, tzinfo=UTC)
    assert sign.words == "a customer of 2026-09-01 to 2026-09-30 brought +1.000 (+0.500 to +1.500), +2.000 was promised"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"profit": {"estimate": 1.0, "lower": 0.5, "upper": 1.6}}, []),
        ({"expected_profit": -1.0, "profit": {"estimate": -1.1, "lower": -1.3, "upper": -1.0}}, []),
        ({"profit": None}, "knows no profit of this model"),
        ({"profit": {"estimate": 1.0, "lower": None, "upper": None}}, "knows no profit of this model"),
    ],
)
def test_a_model_that_does_not_or_of_which_too_little_is_known(changed: dict[str, Any], said: str | list[Any]) -> None:
    found = lost_profit(report(**changed), "sha256:1")
    assert str(said) in found if isinstance(found, str) else said == found
    assert "says nothing of this model" in str(lost_profit(report(), "sha256:2"))
