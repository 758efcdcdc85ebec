"""A campaign whose files are all objects: planned, read look by look, remembered, and planned again."""

import io
import json
import os
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
import yaml

from churn_cli.main import main
from sample_package import Keys, sample_rows, sample_schema
from tests.campaigns.test_loop import PLAN, USECASE
from tests.storage.machines import ROOT, Storage

FOLDER = "s3://churn-models/plans/"
OTHER = ("--budget", "1e6", "--holdout", "0.3", "--salt", "autumn", "--date", "2026-06-01", "--looks", "1")


class Planner:
    """Who plans with nothing but objects, and a home of their own."""

    def __init__(self, storage: Storage, package: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._client, self._package, self._capsys = storage.client(ROOT), package, capsys
        self._usecase = home / "sample.yaml"
        self._usecase.write_text(yaml.safe_dump(USECASE))

    def run(self, *words: str, code: int = 0) -> dict[str, Any]:
        named = [f"{FOLDER}{word}" if word.endswith((".csv", ".parquet")) else word for word in words]
        more = ["--model", str(self._package)] if words[0] == "campaign" else []
        code_found = main([*named, "--usecase", str(self._usecase), *more, "--json"])
        captured = self._capsys.readouterr()
        assert code_found == code, captured.err
        if code:
            return {"said": captured.err.splitlines()[-1]}
        result: dict[str, Any] = json.loads(captured.out.splitlines()[-1])
        return result

    def put(self, frame: pandas.DataFrame, name: str) -> None:
        self._client.put_object(Bucket="churn-models", Key=f"plans/{name}", Body=frame.to_csv(index=False).encode())

    def content(self, name: str) -> bytes:
        found: bytes = self._client.get_object(Bucket="churn-models", Key=f"plans/{name}")["Body"].read()
        return found

    def put_back(self, name: str, content: bytes) -> None:
        self._client.put_object(Bucket="churn-models", Key=f"plans/{name}", Body=content)

    def outcomes(self, plan: str, left_on: str, seen_on: str, so_far: float = 1.0) -> None:
        """Everybody of a plan, seen on a day; three in ten of the treated and half of the others leave, and of them so
        many have left by then."""
        planned = pandas.read_csv(io.BytesIO(self.content(plan)), keep_default_na=False, dtype=str)
        drawn = numpy.random.default_rng(0).random(len(planned))
        left = drawn < so_far * numpy.where(planned["arm"].isin(["call", "mail"]), 0.3, 0.5)
        frame = pandas.DataFrame({"customer": planned["id"], "left": numpy.where(left, "yes", "no")})
        self.put(frame.assign(outcome_on=numpy.where(left, left_on, seen_on)), "outcomes.csv")


@pytest.fixture
def planner(
    ready: Storage, package_folder: Path, keys: Keys, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Planner:  # fmt: skip
    for name in [name for name in os.environ if name.startswith(("AWS_", "MLFLOW_S3_"))]:
        monkeypatch.delenv(name)
    rights = ready.environment(ROOT) | {"AWS_EC2_METADATA_DISABLED": "true"}
    for name, value in {**rights, "CHURN_HOME": f"{tmp_path}/home", "CHURN_VERIFY_KEY": str(keys.verify_path)}.items():
        monkeypatch.setenv(name, value)
    found = Planner(ready, package_folder, tmp_path, capsys)
    frame = pandas.DataFrame(sample_rows(900, 5), columns=list(sample_schema().names))
    frame.insert(0, "customer", [f"00{number}" for number in range(900)])
    found.put(frame, "customers.csv")
    return found


def test_a_history_in_object_storage_grows_by_each_look_and_each_plan(planner: Planner) -> None:
    read = ("experiment", "read", "plan.csv", "outcomes.csv", "--history", "history.parquet")

    def remembered() -> pandas.DataFrame:
        return pandas.read_parquet(io.BytesIO(planner.content("history.parquet")))

    planner.run("campaign", "customers.csv", "plan.csv", *PLAN)
    planner.outcomes("plan.csv", "2026-01-02", "2026-02-15", 0.4)
    assert planner.run(*read)["look"] == 1
    first, ledger = remembered(), planner.content("plan.csv.ledger.json")
    assert set(first["outcome_until"]) == {"2026-02-15"}
    planner.outcomes("plan.csv", "2026-01-02", "2026-05-01")
    assert planner.run(*read)["look"] == 2
    # The plan's rows of the first look are replaced, not joined by others.
    second = remembered()
    assert sorted(second["customer"]) == sorted(first["customer"])
    assert set(second["outcome_until"]) == {"2026-04-01"}
    looks = json.loads(planner.content("plan.csv.ledger.json"))["taken"]
    assert len(looks) == 2

    planner.put_back("plan.csv.ledger.json", ledger)
    said = planner.run(*read, code=2)["said"]
    assert said.startswith(f"churn: {FOLDER}history.parquet,")
    assert said.rstrip().endswith("an older copy of the ledger lies beside the plan")
    assert remembered().equals(second)

    planner.run("campaign", "customers.csv", "other.csv", *OTHER)
    planner.outcomes("other.csv", "2026-06-02", "2026-10-01")
    result = planner.run("experiment", "read", "other.csv", "outcomes.csv", "--history", "history.parquet")
    both = remembered()
    assert result["added_to_history"] == len(both) - len(second)
    assert both.iloc[: len(second)].reset_index(drop=True).equals(second)
    assert set(both["planned_on"]) == {"2026-01-01", "2026-06-01"}
    following = planner.run("campaign", "customers.csv", "next.csv", "--budget", "1e6", "--history", "history.parquet")
    assert {entry["id"] for entry in following["actions"]} == {"call", "mail"}
    assert all(entry["history"]["verdict"] for entry in following["actions"])
