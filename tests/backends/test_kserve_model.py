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


def inputs(kserve: Any, count: int) -> list[Any]:
    columns = [[record(row)[name] for row in customers(count)] for name in SCHEMA.names]
    kinds = ["FP64" if feature.type == "number" else "BYTES" for feature in SCHEMA.features]
    return [
        kserve.InferInput(name, [count], kind, data=column)
        for name, kind, column in zip(SCHEMA.names, kinds, columns, strict=True)
    ]


async def test_tensors_and_instances_are_answered_alike(kserve: Any, model: Any, package: Package) -> None:
    expected = package.scorer.score(customers(5))
    answer = await model.predict(kserve.InferRequest("churn-telecom", inputs(kserve, 5), "id"))
    assert [output.data for output in answer.outputs] == [expected.probabilities, expected.segments]
    assert answer.parameters == {"digest": package.digest}
    records = await model.predict({"instances": [record(row) for row in customers(5)]})
    assert [each["churn_probability"] for each in records["predictions"]] == expected.probabilities


async def test_bad_input_is_kserves_invalid_input(kserve: Any, model: Any) -> None:
    from kserve.errors import InvalidInput

    for payload in (kserve.InferRequest("churn-telecom", inputs(kserve, 1)[1:], "id"), {"instances": 3}, {}):
        with pytest.raises(InvalidInput):
            await model.predict(payload)


async def test_health_and_types_follow_the_slot(model: Any, slot: ModelSlot) -> None:
    assert [each["name"] for each in model.get_input_types()] == list(SCHEMA.names)
    assert [each["datatype"] for each in model.get_output_types()] == ["FP64", "INT64"]
    assert await model.healthy()
    slot.draining = True
    assert not await model.healthy()
