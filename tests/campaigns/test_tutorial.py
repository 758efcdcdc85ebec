"""The way of docs/model/whom-to-contact.md from a plan to the next one, word for word, with real customers."""

import shlex
import shutil
from pathlib import Path

import numpy
import pandas
import pytest

from churn_cli.main import main
from churn_model.mlflow_registry import MlflowRegistry, connect
from churn_training.packaging.exporting import export_champion
from churn_training.packaging.home import Home
from churn_training.pipeline import TrainingOutcome

PAGE = Path(__file__).parents[2] / "docs/model/whom-to-contact.md"


def commands() -> list[list[str]]:
    """Its first console block."""
    block = PAGE.read_text(encoding="utf-8").split("```console\n")[1].split("```")[0]
    return [shlex.split(line.removeprefix("$ .venv/bin/churn "), comments=True) for line in block.splitlines()]


PLANNED_ON = pandas.Timestamp.now("UTC").normalize().tz_localize(None) - pandas.Timedelta(days=120)


def outcomes(telco: pandas.DataFrame) -> None:
    """What the real customers did in the 120 days since, but half of the leavers who were treated stay (simulated)."""
    plan = pandas.read_csv("plan.csv", keep_default_na=False).set_index("id").loc[telco["customerID"]]
    kept = ~plan["arm"].isin(["none", "control"]).to_numpy() & (numpy.random.default_rng(0).random(len(telco)) < 0.5)
    left = numpy.where(kept, "No", telco["Churn"])
    days = pandas.to_timedelta(numpy.where(left == "Yes", 30, 120), unit="D")
    found = pandas.DataFrame({"customerID": telco["customerID"], "Churn": left, "outcome_on": PLANNED_ON + days})
    found.to_csv("outcomes.csv", index=False)


def test_from_a_plan_to_the_next_plan(
    trained: tuple[Home, TrainingOutcome],
    telco_path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shared, outcome = trained
    home = Home.from_environment({"CHURN_HOME": str(tmp_path / "home")})  # who looks at results leaves a ledger there
    shutil.copytree(shared.path, home.path, symlinks=True)
    export_champion(MlflowRegistry(connect(home.tracking_uri)), outcome.registered.name, home)
    monkeypatch.setenv("CHURN_HOME", str(home.path))
    monkeypatch.chdir(tmp_path)
    telco = pandas.read_csv(telco_path)
    telco.to_csv("customers.csv", index=False)
    plan, read, following = commands()
    assert main([*plan, "--date", str(PLANNED_ON.date())]) == 0
    told = capsys.readouterr()
    assert (told.err + told.out).count("the smallest effect that this plan can show") == 1
    outcomes(telco)
    assert main(read) == 0
    said = capsys.readouterr().out
    assert "customers treated" in said
    assert "in money" in said
    assert main(following) == 0
    assert "history of" in capsys.readouterr().out
    first = pandas.read_csv("plan.csv", keep_default_na=False)
    last = pandas.read_excel("next.xlsx", keep_default_na=False)
    called = set(last.loc[last["action"] != "none", "id"])
    assert called
    assert not called & set(first.loc[first["arm"] != "none", "id"])
