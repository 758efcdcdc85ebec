"""A notebook's frame is answered with the package's own bits, whatever pandas made of the columns."""

from pathlib import Path
from typing import Any

import msgspec
import pandas
import pytest

from churn_model import Package, UntrustedPackage, open_package
from churn_model.errors import RecordError
from churn_model.pyfunc import FrameModel, _load_pyfunc
from sample_package import PackageMaker, sample_rows, sample_schema

NAMES = list(sample_schema().names)


@pytest.fixture(scope="module")
def package(package_folder: Path, keys: Any) -> Package:
    return open_package(package_folder, keys.trusted)


def test_a_frame_is_answered_row_by_row_under_its_own_index(package: Package) -> None:
    rows = sample_rows(40, 3)
    frame = pandas.DataFrame(rows, columns=NAMES, index=[f"c{number}" for number in range(40)])
    answers = FrameModel(package).predict(frame[NAMES[::-1]].assign(other=1))
    scores = package.scorer.score(rows)
    assert answers["churn_probability"].tolist() == scores.probabilities
    assert answers["segment"].tolist() == scores.segments
    assert list(answers.index) == list(frame.index)


def test_no_customers_have_no_answers(package: Package) -> None:
    answers = FrameModel(package).predict(pandas.DataFrame(columns=NAMES))
    assert (len(answers), list(answers.columns)) == (0, ["churn_probability", "segment"])


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"Contract": [" Two&nbsp;year"]}, {"Contract": ["Two year"]}),
        ({"Contract": [float("nan")]}, {"Contract": [None]}),
        ({"Contract": pandas.Categorical(["Two year"])}, {"Contract": ["Two year"]}),
        ({"tenure": pandas.array([None], "Int64")}, {"tenure": [float("nan")]}),
        ({"tenure": pandas.array([7], "Int64")}, {"tenure": [7.0]}),
        ({"Senior Citizen": [True]}, {"Senior Citizen": [1.0]}),
    ],
)
def test_what_pandas_makes_of_a_value_is_the_value(
    package: Package, change: dict[str, Any], same: dict[str, Any]
) -> None:
    frame = pandas.DataFrame([[12.0, "One year", 60.0, "Card", 0.0]], columns=NAMES)
    model = FrameModel(package)
    assert model.predict(frame.assign(**change)).equals(model.predict(frame.assign(**same)))


def test_a_number_that_means_missing_is_missing_in_a_notebook_too(make_package: PackageMaker, keys: Any) -> None:
    schema = msgspec.structs.replace(sample_schema(), missing=("-1",))
    model = FrameModel(open_package(make_package(schema=schema), keys.trusted))
    frame = pandas.DataFrame([[12.0, "One year", 60.0, "Card", 0.0]], columns=NAMES)
    assert model.predict(frame.assign(charges=-1)).equals(model.predict(frame.assign(charges=float("nan"))))
    assert not model.predict(frame.assign(tenure=-1)).equals(model.predict(frame.assign(tenure=1)))


@pytest.mark.parametrize(
    ("frame", "problem"),
    [
        (pandas.DataFrame(sample_rows(2, 1), columns=NAMES).drop(columns="charges"), "column 'charges' is missing"),
        (pandas.DataFrame([["12", "x", 1.0, "y", 0.0]], columns=NAMES), "column 'tenure': a number was expected"),
        (pandas.DataFrame([[1.0, "x", [1], "y", 0.0]], columns=NAMES), "column 'charges': a number was expected"),
    ],
)
def test_a_column_that_does_not_fit_is_named(package: Package, frame: pandas.DataFrame, problem: str) -> None:
    with pytest.raises(RecordError, match=f"^{problem}$"):
        FrameModel(package).predict(frame)


def test_a_notebook_trusts_whom_every_server_trusts(
    package_folder: Path, keys: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CHURN_VERIFY_KEY", raising=False)
    monkeypatch.setenv("CHURN_HOME", str(tmp_path))
    with pytest.raises(UntrustedPackage, match=r"verify\.pem"):
        _load_pyfunc(str(package_folder))
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "verify.pem").write_bytes(keys.verify_path.read_bytes())
    assert _load_pyfunc(str(package_folder)).predict(pandas.DataFrame(columns=NAMES)).empty
    monkeypatch.setenv("CHURN_VERIFY_KEY", str(tmp_path / "another.pem"))
    with pytest.raises(UntrustedPackage, match=r"another\.pem"):
        _load_pyfunc(str(package_folder))
    monkeypatch.setenv("CHURN_VERIFY_KEY", str(keys.verify_path))
    monkeypatch.setenv("CHURN_HOME", str(tmp_path / "nowhere"))
    assert _load_pyfunc(str(package_folder)).predict(pandas.DataFrame(columns=NAMES)).empty
