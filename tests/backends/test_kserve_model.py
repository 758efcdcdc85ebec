"""KServe's data plane sees the same model: what it hands to ``predict`` is answered with the slot's bits."""

import sys
from typing import Any

import pytest

from churn_model.package import Package
from churn_serving.backend.loaded_model import ModelSlot
from tests.backends.packages import SCHEMA, customers, record

# KServe and what it imports warn about themselves.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def kserve(monkeypatch: pytest.MonkeyPatch) -> Any:
    """KServe, which parses the command line when it is imported."""
    monkeypatch.setattr(sys, "argv", ["test"])
    import kserve

    return kserve


@pytest.fixture
def model(kserve: Any, slot: ModelSlot) -> Any:  # noqa: ARG001 - it must be imported first
    from churn_serving.predictor.kserve_model import ChurnModel

    return ChurnModel(slot)


async def test_instances_are_answered_with_the_slots_bits(model: Any, package: Package) -> None:
    expected = package.scorer.score(customers(5))
    records = await model.predict({"instances": [record(row) for row in customers(5)]})
    assert [each["churn_probability"] for each in records["predictions"]] == expected.probabilities


async def test_bad_input_is_kserves_invalid_input(model: Any) -> None:
    from kserve.errors import InvalidInput

    payloads: list[Any] = [{"instances": 3}, {}, b"{}", [], None]
    for payload in payloads:
        with pytest.raises(InvalidInput):
            await model.predict(payload)


async def test_health_and_types_follow_the_slot(model: Any, slot: ModelSlot) -> None:
    assert [each["name"] for each in model.get_input_types()] == list(SCHEMA.names)
    assert [each["datatype"] for each in model.get_output_types()] == ["FP64", "INT64"]
    assert await model.healthy()
    slot.draining = True
    assert not await model.healthy()
