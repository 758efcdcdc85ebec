"""Explanations beside the scoring: bounded, refused by name, never in the way of those who ask for scores."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from churn_model.errors import ExplanationUnavailable
from churn_model.package import Package
from churn_model.schema import Row
from churn_serving.backend.asgi import BackendApp
from churn_serving.backend.errors import CannotExplain, ExplainerBusy
from churn_serving.backend.explaining import MAX_BLOCKED_THREADS, MAX_PENDING_ROWS, Contributions, Explainer
from churn_serving.backend.loaded_model import ModelSlot
from churn_serving.backend.routes import Routes
from churn_serving.oip import grpc_codec
from churn_serving.oip.faults import InvalidRequest
from churn_serving.oip.json_codec import codec_for, encode_request
from churn_serving.oip.json_reply import decode_contributions
from churn_serving.oip.messages import CONTRIBUTIONS, MAX_EXPLAINED_ROWS, InvalidReply
from tests.backends.packages import SCHEMA, customers

INFER = "/v2/models/churn-telecom/infer"
JSON = {"content-type": "application/json"}
WIDTH = len(SCHEMA.features) + 1
ROW: Row = [0.0] * len(SCHEMA.features)


class Slow:
    """A scorer whose explanations wait until a test lets them go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.threads: set[str] = set()

    def contributions(self, rows: Sequence[Row]) -> Contributions:
        self.threads.add(threading.current_thread().name)
        assert self.go.wait(30)
        return [[0.0] * WIDTH for _ in rows]


class Unexplained:
    """A scorer whose file holds no explanation."""

    def contributions(self, rows: Sequence[Row]) -> Contributions:  # noqa: ARG002
        raise ExplanationUnavailable("no covers in trees.json")


@pytest.fixture
async def client(slot: ModelSlot) -> AsyncIterator[httpx.AsyncClient]:
    app = BackendApp(slot, Routes(slot, lambda: None))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://model") as opened:
        yield opened


async def ask(client: httpx.AsyncClient, rows: Sequence[Row]) -> httpx.Response:
    return await client.post(INFER, content=codec_for(SCHEMA).encode_for_contributions(rows), headers=JSON)


def replace_scorer(slot: ModelSlot, contributions: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slot.model().package.scorer, "contributions", contributions, raising=True)


async def test_contributions_are_the_models_own(client: httpx.AsyncClient, package: Package) -> None:
    rows = customers(5)
    answer = await ask(client, rows)
    assert answer.status_code == 200
    assert [output["name"] for output in answer.json()["outputs"]] == [CONTRIBUTIONS]
    digest, contributions = decode_contributions(answer.content, 5, len(SCHEMA.features))
    assert digest == package.digest
    assert contributions == package.scorer.contributions(rows)


async def test_nobody_is_explained_who_did_not_ask(
    client: httpx.AsyncClient, slot: ModelSlot, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_scorer(slot, Unexplained().contributions, monkeypatch)
    body = encode_request(customers(2), SCHEMA)
    names = [["churn_probability"], ["segment", "churn_probability"], []]
    bodies = [
        body,
        *(json.dumps({**json.loads(body), "outputs": [{"name": n} for n in some]}).encode() for some in names),
    ]
    bodies.append(json.dumps({**json.loads(body), "parameters": {"binary_data_output": True}}).encode())
    for content in bodies:
        answer = await client.post(INFER, content=content, headers=JSON)
        assert answer.status_code == 200
        assert CONTRIBUTIONS.encode() not in answer.content


async def test_too_many_rows_at_once_are_refused(client: httpx.AsyncClient) -> None:
    answer = await ask(client, customers(MAX_EXPLAINED_ROWS + 1))
    assert answer.status_code == 400
    assert answer.json()["error"] == "outputs: contributions are given for at most 32 rows in one request, not 33"


async def test_a_model_without_explanations_says_so(
    client: httpx.AsyncClient, slot: ModelSlot, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_scorer(slot, Unexplained().contributions, monkeypatch)
    answer = await ask(client, customers(1))
    assert (answer.status_code, answer.json()) == (422, {"error": "no covers in trees.json"})


async def test_while_one_is_explained_others_are_scored(
    client: httpx.AsyncClient, slot: ModelSlot, package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow()
    replace_scorer(slot, slow.contributions, monkeypatch)
    explaining = asyncio.create_task(ask(client, customers(1)))
    for _ in range(20):
        rows = customers(3)
        answer = await client.post(INFER, content=encode_request(rows, SCHEMA), headers=JSON)
        assert answer.json()["outputs"][0]["data"] == package.scorer.score(rows).probabilities
    assert not explaining.done()
    slow.go.set()
    assert (await explaining).status_code == 200
    assert slow.threads != {threading.current_thread().name}


async def test_what_would_wait_too_long_is_refused_at_once(
    client: httpx.AsyncClient, slot: ModelSlot, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow()
    replace_scorer(slot, slow.contributions, monkeypatch)
    full = [asyncio.create_task(ask(client, customers(MAX_EXPLAINED_ROWS))) for _ in range(2)]
    while not slow.threads:  # noqa: ASYNC110 - set by another thread
        await asyncio.sleep(0.05)
    refused = await ask(client, customers(1))
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    slow.go.set()
    assert [answer.status_code for answer in await asyncio.gather(*full)] == [200, 200]
    assert (await ask(client, customers(1))).status_code == 200


def test_rows_are_counted_and_given_back() -> None:
    explainer, slow = Explainer(), Slow()
    futures = [explainer.submit(slow, [ROW]) for _ in range(MAX_PENDING_ROWS)]
    with pytest.raises(ExplainerBusy):
        explainer.submit(slow, [ROW])
    assert futures[-1].cancel()  # its caller has gone
    futures[-1] = explainer.submit(slow, [ROW])
    slow.go.set()
    assert all(future.result(30) == [[0.0] * WIDTH] for future in futures)
    with pytest.raises(CannotExplain):
        explainer.submit(Unexplained(), [ROW]).result(30)
    for _ in range(MAX_PENDING_ROWS):
        explainer.submit(slow, [ROW]).result(30)
    assert slow.threads == {"explain_0"}
    with pytest.raises(InvalidRequest):
        explainer.submit(slow, [ROW] * (MAX_EXPLAINED_ROWS + 1))


def test_only_some_threads_may_wait() -> None:
    explainer, slow = Explainer(), Slow()
    with ThreadPoolExecutor(MAX_BLOCKED_THREADS) as pool:
        waiting = [pool.submit(explainer.explain_now, slow, [ROW]) for _ in range(MAX_BLOCKED_THREADS)]
        while explainer._rows < MAX_BLOCKED_THREADS:
            assert not any(future.done() for future in waiting)
        with pytest.raises(ExplainerBusy):
            explainer.explain_now(slow, [ROW])
        slow.go.set()
        assert [future.result(30) for future in waiting] == [[[0.0] * WIDTH]] * MAX_BLOCKED_THREADS
    assert explainer.explain_now(slow, [ROW]) == [[0.0] * WIDTH]


async def test_metadata_over_http_says_how_to_ask(client: httpx.AsyncClient, package: Package) -> None:
    metadata = (await client.get("/v2/models/churn-telecom")).json()
    assert metadata["outputs"][2] == {"name": CONTRIBUTIONS, "datatype": "FP64", "shape": [-1, WIDTH]}
    assert metadata["parameters"]["digest"] == package.digest
    assert f"at most {MAX_EXPLAINED_ROWS} rows" in metadata["parameters"][CONTRIBUTIONS]


async def test_an_output_is_named_once(client: httpx.AsyncClient) -> None:
    document = json.loads(encode_request(customers(1), SCHEMA))
    document["outputs"] = [{"name": CONTRIBUTIONS}] * 2 + [{"name": "segment"}] * 2
    answer = await client.post(INFER, json=document)
    assert answer.status_code == 400
    assert answer.json()["error"] == (
        "outputs[1]: this output is named more than once; outputs[3]: this output is named more than once"
    )
    message = grpc_codec.encode_request(customers(1), SCHEMA)
    for _ in range(2):
        message.outputs.add(name=CONTRIBUTIONS)
    with pytest.raises(InvalidRequest, match="named more than once"):
        grpc_codec.GrpcCodec(SCHEMA).decode(message)


def reply(**changes: Any) -> bytes:
    output = {"name": CONTRIBUTIONS, "datatype": "FP64", "shape": [2, 3], "data": [0.5] * 6, **changes}
    return json.dumps({"model_name": "m", "parameters": {"digest": "d"}, "outputs": [output]}).encode()


def test_only_contributions_that_fit_are_believed() -> None:
    assert decode_contributions(reply(), 2, 2) == ("d", [[0.5] * 3] * 2)
    changes: list[dict[str, Any]] = [
        {"name": "segment"}, {"datatype": "INT64"}, {"shape": [6]}, {"shape": [3, 2]}, {"data": [0.5] * 5},
        {"data": [float("nan")] * 6}, {"data": ["0.5"] * 6}, {"data": [None] * 6},
    ]  # fmt: skip
    for broken in (b"", b"\xff", b"{}", *(reply(**change) for change in changes), reply().replace(b"0.5", b"1e999", 1)):
        with pytest.raises(InvalidReply):
            decode_contributions(broken, 2, 2)
