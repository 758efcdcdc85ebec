"""``explain`` at the front door: asked for only by those who say so, bounded, documented, counted."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from churn_model import open_package
from churn_serving.core.errors import BackendBusy, BackendError, BackendFailed, BackendRejected, BackendTimeout
from churn_serving.core.ports import Explanation
from churn_serving.gateway.documentation import extend_openapi
from churn_serving.gateway.large_answers import FEW_ROWS
from churn_serving.gateway.predictions import EXPLAINED, PATH
from churn_serving.oip.messages import MAX_EXPLAINED_ROWS
from tests.gateway.front import FEATURES, Front

REASONS = ["contract: One year (raises churn)", "monthly charges: 70.5 (raises churn)"]


@pytest.fixture
async def front(package_folder: Any, keys: Any, tmp_path: Path) -> AsyncIterator[Front]:
    made = Front(open_package(package_folder, keys.trusted).description, tmp_path / "requests.log")
    async with made.client:
        yield made


@pytest.mark.parametrize("more", [{}, {"explain": False}])
async def test_nobody_is_asked_why_unless_the_caller_asks(front: Front, more: dict[str, Any]) -> None:
    answer = (await front.ask(3, **more)).json()
    assert [customer["reasons"] for customer in answer["predictions"]] == [[], [], []]
    assert front.backend.explained == []
    assert front.counted("churn_requests_total", route=PATH, served_by="primary", model_version="1", code="200") == 1
    assert not [sample for metric in front.metrics.registry.collect() for sample in metric.samples
                if sample.name == "churn_explanations_total"]  # fmt: skip


async def test_reasons_come_with_the_same_answer(front: Front) -> None:
    plain, explained = (await front.ask(2)).json(), (await front.ask(2, explain=True)).json()
    assert [customer.pop("reasons") for customer in explained["predictions"]] == [REASONS, REASONS]
    assert [customer.pop("reasons") for customer in plain["predictions"]] == [[], []]
    assert explained["predictions"] == plain["predictions"]
    assert front.backend.explained == [2]
    assert front.counted("churn_explanations_total", outcome="given") == 1


async def test_reasons_never_cost_the_answer(front: Front) -> None:
    front.backend.explanation = RuntimeError("c0 is on One year")
    answer = await front.ask(1, explain=True)
    assert answer.status_code == 200
    assert answer.json()["predictions"][0]["reasons"] == []
    assert front.counted("churn_explanations_total", outcome="failed") == 1


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (BackendTimeout("said so"), "they did not come in time"),
        (BackendBusy("said so"), "too many are asked for at the moment"),
        (BackendRejected("said so"), "no model is there to give them"),
        (BackendFailed("said so"), "explaining failed"),
    ],
    ids=["late", "busy", "rejected", "failed"],
)
async def test_who_asks_and_gets_none_is_told_why(front: Front, error: BackendError, why: str) -> None:
    assert "warnings" not in (await front.ask(1)).json()
    front.backend.explanation = error
    answer = (await front.ask(2, explain=True)).json()
    assert [customer["reasons"] for customer in answer["predictions"]] == [[], []]
    assert answer["warnings"] == [{"message": f"no reasons: {why}"}]


async def test_where_nothing_raises_churn_no_word_is_lost_on_it(front: Front) -> None:
    description = front.backend.description
    assert description is not None
    front.backend.explanation = Explanation([[0.0] * len(description.schema.features)], description.digest)
    answer = (await front.ask(1, explain=True)).json()
    assert answer["predictions"][0]["reasons"] == []
    assert "warnings" not in answer


async def test_too_many_customers_to_explain_are_refused_by_name(front: Front) -> None:
    answer = await front.ask(MAX_EXPLAINED_ROWS + 1, explain=True)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    fault = {"field": "explain", "message": "reasons are given for at most 32 customers in one request"}
    assert answer.json()["errors"] == [fault]
    assert front.backend.calls == []
    for customers, explain in ((MAX_EXPLAINED_ROWS, True), (MAX_EXPLAINED_ROWS + 1, False)):
        assert (await front.ask(customers, explain=explain)).status_code == 200


async def test_the_limit_is_named_beside_other_faults(front: Front) -> None:
    customers = [{"customer_id": f"c{index}", "features": FEATURES} for index in range(MAX_EXPLAINED_ROWS + 1)]
    customers[1] = {"customer_id": "c1"}
    answer = await front.client.post(PATH, json={"customers": customers, "explain": True})
    assert [fault["field"] for fault in answer.json()["errors"]] == ["explain", "customers[1].features"]


@pytest.mark.parametrize("explain", [1, "true", None])
async def test_explain_is_true_or_false(front: Front, explain: Any) -> None:
    answer = await front.ask(1, explain=explain)
    assert answer.json()["errors"] == [{"field": "explain", "message": "expected true or false"}]


async def test_requests_for_reasons_have_a_name_of_their_own_and_stay_out_of_the_log(front: Front) -> None:
    await front.ask(1)
    text = (await front.ask(1, explain=True)).text
    lines = await front.logged()
    assert [json.loads(line)["route"] for line in lines.splitlines()] == [PATH, EXPLAINED]
    for route in (PATH, EXPLAINED):
        assert front.counted("churn_request_seconds_count", route=route, served_by="primary", code="200") == 1
    assert "One year" in text
    assert "One year" not in lines


async def test_the_documentation_says_what_reasons_are(front: Front) -> None:
    schema = front.backend.description.schema  # type: ignore[union-attr]
    make: Callable[..., dict[str, Any]] = extend_openapi
    document = make({"paths": {}}, front.route.decoder(schema).body_type)
    schemas = document["components"]["schemas"]
    assert "plain words" in schemas["Prediction"]["properties"]["reasons"]["description"]
    assert f"at most {MAX_EXPLAINED_ROWS}" in schemas["PredictionRequest"]["properties"]["explain"]["description"]
    operation = document["paths"][PATH]["post"]
    assert "explain: true" in operation["description"]
    example = operation["responses"]["200"]["content"]["application/json"]["example"]
    answer = (await front.ask(1, explain=True)).json()
    assert (example.keys(), example["predictions"][0].keys()) == (answer.keys(), answer["predictions"][0].keys())


async def test_what_is_recommended_is_counted_at_every_size_and_with_reasons(front: Front) -> None:
    answers = [(await front.ask(*arguments)).json() for arguments in ((1,), (2,), (FEW_ROWS + 1,))]
    answers.append((await front.ask(2, explain=True)).json())
    recommended = Counter(
        (str(one["segment"]["id"]), one["segment"]["name"], one["action"]["id"])
        for answer in answers
        for one in answer["predictions"]
    )
    model = {name: answers[0]["model"][name] for name in ("name", "digest")}
    for (segment, name, action), customers in recommended.items():
        labels = {"segment": segment, "segment_name": name, "action": action}
        counted = front.metrics.registry.get_sample_value("churn_recommendations_total", model | labels)
        assert counted == customers
    assert recommended.total() == 5 + FEW_ROWS + 1


@pytest.mark.parametrize("calls", [1, 12])
async def test_requests_that_share_a_call_are_counted_as_those_that_have_one_each(front: Front, calls: int) -> None:
    sizes = [1, 2, 1, 5, FEW_ROWS, FEW_ROWS + 1, 3, 1, 1, 2, 1, 1]
    if calls == 1:
        answers = await asyncio.gather(*(front.ask(size) for size in sizes))
    else:
        answers = [await front.ask(size) for size in sizes]
    assert {answer.status_code for answer in answers} == {200}
    assert len(front.backend.calls) == calls
    samples = [one for family in front.metrics.registry.collect() for one in family.samples]
    for name in ("churn_scores_count", "churn_recommendations_total"):
        assert sum(one.value for one in samples if one.name == name) == sum(sizes)
    kind = {"route": PATH, "served_by": "primary", "code": "200"}
    assert front.counted("churn_request_seconds_count", **kind) == len(sizes)
