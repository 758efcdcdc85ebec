"""Which features may be kept is said by the use case and travels, signed, in the model's package."""

import msgspec
import pytest

from churn_model import Schema, UseCaseError
from churn_model.usecase import load_usecase, parse_usecase
from sample_package import sample_schema

LABEL = {"column": "Churn", "positive": "Yes"}
FEATURES = [{"name": "tenure", "type": "number"}, {"name": "Contract", "type": "category"}]


def test_nothing_may_be_kept_unless_said() -> None:
    usecase = parse_usecase({"name": "own", "label": LABEL, "features": FEATURES}, "own.yaml")
    assert usecase.prediction_log.features == ()
    assert sample_schema().logged == ()


def test_a_feature_that_there_is_not_is_refused() -> None:
    document = {"name": "own", "label": LABEL, "features": FEATURES, "prediction_log": {"features": ["contract"]}}
    with pytest.raises(UseCaseError, match=r"`prediction_log.features` names 'contract', .*did you mean 'Contract'"):
        parse_usecase(document, "own.yaml")


@pytest.mark.parametrize(
    ("usecase", "personal"),
    [
        ("telecom", {"gender", "SeniorCitizen", "Partner", "Dependents"}),
        ("ecommerce", {"age_group", "region"}),
        ("banking", {"age", "region", "occupation", "marital_status"}),
    ],
)
def test_what_ships_keeps_nothing_of_who_customers_are(usecase: str, personal: set[str]) -> None:
    found = load_usecase(usecase)
    assert found.prediction_log.features
    assert personal <= {feature.name for feature in found.features}
    assert not personal & set(found.prediction_log.features)


@pytest.mark.parametrize("logged", [("tenure", "tenure"), ("nothing",)], ids=["twice", "unknown"])
def test_a_package_that_allows_what_it_does_not_have_is_none(logged: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="what may be logged"):
        msgspec.structs.replace(sample_schema(), logged=logged)


def test_packages_of_before_are_read_and_written_as_they_were() -> None:
    written = msgspec.json.encode(sample_schema())
    assert b"logged" not in written
    assert (
        msgspec.json.decode(written, type=Schema).hash
        == msgspec.structs.replace(sample_schema(), logged=("tenure",)).hash
    )
