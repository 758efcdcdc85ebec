"""Simulated customers: the same bytes for a seed, as risky as the use case says, and called simulated."""

from pathlib import Path
from typing import Any

import msgspec
import numpy
import pytest

from churn_data.files import file_sha256
from churn_data.progress import reporting
from churn_data.simulate import simulate, write_simulated
from churn_data.sources import read_customers
from churn_model.errors import ChurnModelError
from churn_model.usecase import UseCase, load_usecase, shipped_usecases
from churn_training.comparison.competition import Search, compete
from churn_training.families.candidates import Candidate


def test_same_seed_same_bytes(tmp_path: Path, telecom: UseCase) -> None:
    first = write_simulated(telecom, 500, 7, tmp_path / "simulated-a.csv")
    second = write_simulated(telecom, 500, 7, tmp_path / "simulated-b.csv")
    other = write_simulated(telecom, 500, 8, tmp_path / "simulated-c.csv")
    assert first.read_bytes() == second.read_bytes() != other.read_bytes()


def test_bytes_stay_what_they_are(tmp_path: Path, telecom: UseCase) -> None:
    """The seeded generator must not change unnoticed: figures quoted elsewhere rest on it."""
    lines = write_simulated(telecom, 3, 0, tmp_path / "simulated.csv").read_text().splitlines()
    assert lines[0].startswith("customerID,gender,SeniorCitizen,Partner")
    assert [line.split(",")[0] for line in lines[1:]] == [f"simulated-000000{number}" for number in (1, 2, 3)]


@pytest.mark.parametrize(
    ("name", "low", "high"), [("telecom", 0.24, 0.28), ("ecommerce", 0.2, 0.24), ("banking", 0.18, 0.22)]
)
def test_shipped_use_cases_simulate_and_can_be_learnt(name: str, low: float, high: float, tmp_path: Path) -> None:
    usecase = load_usecase(name)
    assert len(usecase.features) >= 15
    assert len(usecase.actions) >= 4
    dataset = read_customers(write_simulated(usecase, 4000, 1, tmp_path / "simulated.csv"), usecase)
    assert low < dataset.churn_rate < high
    assert dataset.source.simulated
    with reporting() as reporter:
        candidate = Candidate("linear", "Logistic regression", "linear", {"max_iter": 1000})
        result = compete(dataset, candidate, Search(0), reporter)
    assert 0.8 < result.metrics["roc_auc"] < 0.88


def test_every_shipped_use_case_is_tested() -> None:
    assert shipped_usecases() == ["banking", "ecommerce", "telecom"]


def test_dependent_columns_fit_together(telecom: UseCase) -> None:
    header, columns = simulate(telecom, 2000, 3)
    table = dict(zip(header, columns, strict=True))
    for internet, security in zip(table["InternetService"], table["OnlineSecurity"], strict=True):
        assert (internet == "No") == (security == "No internet service")
    known = [total != "" for total in table["TotalCharges"]]
    assert 0 < known.count(False) < 20
    charges = numpy.array([float(value) for value in table["MonthlyCharges"]])
    assert charges.min() >= 18.25
    assert charges.max() <= 118.75


def test_a_name_that_hides_the_simulation_is_refused(tmp_path: Path, telecom: UseCase) -> None:
    with pytest.raises(ChurnModelError) as caught:
        write_simulated(telecom, 10, 0, tmp_path / "customers.csv")
    expected = f'{tmp_path / "customers.csv"}: the name of a file of simulated customers must contain "simulated"'
    assert str(caught.value) == expected
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("hint", "message"),
    [
        (None, "is missing, so there is nothing to simulate from"),
        ({"distribution": "gaussian"}, "`features[4].simulate.distribution`: 'gaussian' is none of normal, "),
        ({"distribution": "normal", "sigma": 1}, "`features[4].simulate.sigma`: there is no such key; there are "),
        ({"distribution": "uniform", "low": 1}, "uniform needs `low` and `high`"),
        ({"distribution": "normal", "low": 2, "high": 1}, "`low` is above `high`"),
        ({"distribution": "product", "of": ["TotalCharges"]}, "'TotalCharges' is not a fitting feature listed earlier"),
    ],
)
def test_bad_hints_are_one_line(hint: dict[str, Any] | None, message: str, telecom: UseCase) -> None:
    features = tuple(
        msgspec.structs.replace(feature, simulate=hint) if feature.name == "tenure" else feature
        for feature in telecom.features
    )
    with pytest.raises(ChurnModelError) as caught:
        simulate(telecom.with_features(features), 10, 0)
    assert message in str(caught.value)
    assert "'tenure'" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_hash_of_the_default_simulation_does_not_depend_on_the_folder(tmp_path: Path, telecom: UseCase) -> None:
    one = write_simulated(telecom, 50, 0, tmp_path / "one" / "simulated.csv")
    two = write_simulated(telecom, 50, 0, tmp_path / "two" / "simulated.csv")
    assert file_sha256(one) == file_sha256(two)
