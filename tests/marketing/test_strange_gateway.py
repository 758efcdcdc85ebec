"""A gateway that answers anything but what it should, over HTTP: whatever it is, it is one fault with one sentence."""

import contextlib
import dataclasses
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from churn_marketing.errors import GatewayAway
from churn_marketing.gateway import FieldsRefused, Gateway
from sample_package import Keys, PackageMaker
from tests.marketing.conftest import RunApp
from tests.marketing.running_app import Scored

SERVING = "Simulated customers: the model that serves now, version 3, learnt from made-up data"
MODEL = {"name": "churn", "version": "3", "digest": "sha256:0"}
PREDICTION = {"churn_probability": 0.4, "risk": "medium", "action": {"name": "A call"}, "reasons": ["Tenure: 1"]}
WHOLE = {"model": MODEL, "served_by": "primary", "predictions": [PREDICTION]}


class Strange:
    """Answers ``status`` and ``content``; with ``drops`` a byte at a time, with ``heads`` a header at a time, for as
    long as somebody listens. ``told``: how often it has answered."""

    def __init__(self) -> None:
        self.status, self.content, self.drops, self.heads, self.told = 200, b"", False, False, 0
        strange = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer()

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self._answer()

            def _answer(self) -> None:
                self.send_response(strange.status)
                with contextlib.suppress(OSError):  # as below
                    while strange.heads:
                        self.wfile.write(b"X-Drop: 1\r\n")
                        time.sleep(0.05)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                with contextlib.suppress(OSError):  # nobody listens any more
                    self.wfile.write(strange.content)
                    strange.told += 1
                    while strange.drops:
                        self.wfile.write(b" ")
                        time.sleep(0.05)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture(scope="module")
def strange() -> Iterator[Strange]:
    started = Strange()
    yield started
    started.close()


@pytest.fixture
def gateway(strange: Strange) -> Iterator[Gateway]:
    strange.status, strange.drops, strange.heads = 200, False, False
    asking = Gateway(strange.url, None)
    yield asking
    asking.close()


def test_what_is_whole_is_an_answer(strange: Strange, gateway: Gateway) -> None:
    strange.content = json.dumps(WHOLE | {"request_id": "1", "warnings": [{"message": "odd"}]}).encode()
    answer = gateway.predict("k", {}, explain=True)
    assert (answer.predictions[0].churn_probability, answer.warnings[0].message) == (0.4, "odd")


@pytest.mark.parametrize(
    "content",
    [
        b"", b"<html>", b"null", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"predictions": []}',
        json.dumps(WHOLE | {"predictions": []}).encode(),
        json.dumps(WHOLE | {"predictions": [PREDICTION, PREDICTION]}).encode(),
        json.dumps(WHOLE | {"predictions": [PREDICTION | {"churn_probability": "0.4"}]}).encode(),
        json.dumps(WHOLE | {"predictions": [PREDICTION | {"churn_probability": float("nan")}]}).encode(),
        json.dumps(WHOLE | {"predictions": [PREDICTION | {"churn_probability": 40}]}).encode(),
        json.dumps(WHOLE | {"predictions": [PREDICTION | {"reasons": [None]}]}).encode(),
        json.dumps(WHOLE | {"predictions": [PREDICTION | {"action": None}]}).encode(),
        json.dumps(WHOLE | {"warnings": None}).encode(),
        json.dumps(WHOLE | {"model": "churn"}).encode(),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_a_gateway_that_is_away(strange: Strange, gateway: Gateway, content: bytes) -> None:
    strange.content = content
    with pytest.raises(GatewayAway, match="in another way than expected"):
        gateway.predict("k", {}, explain=True)
    with pytest.raises(GatewayAway, match="a moment ago"):
        gateway.predict("k", {}, explain=True)


@pytest.mark.parametrize("endless", ["", "body", "header"])
def test_an_answer_without_an_end_is_not_waited_for(strange: Strange, gateway: Gateway, endless: str) -> None:
    strange.content = b" " * (0 if endless else 5 * 1024 * 1024)
    strange.drops, strange.heads = endless == "body", endless == "header"
    with pytest.raises(GatewayAway, match="does not answer"):
        gateway.predict("k", {}, explain=True)


@pytest.mark.parametrize("content", [b'{"errors": "no list"}', b'{"errors": [1, {"field": ["x"]}, {}]}', b"[1]"])
def test_a_refusal_in_whatever_words_is_a_refusal(strange: Strange, gateway: Gateway, content: bytes) -> None:
    strange.status, strange.content = 422, content
    with pytest.raises(FieldsRefused):
        gateway.predict("k", {}, explain=True)


@pytest.mark.parametrize("status", [302, 404, 429, 500])
def test_another_status_is_told(strange: Strange, gateway: Gateway, status: int) -> None:
    strange.status, strange.content = status, b"{}"
    with pytest.raises(GatewayAway, match=f"status {status}"):
        gateway.predict("k", {}, explain=True)


def test_a_glance_at_what_serves_waits_for_nobody_and_takes_nobody_for_away(strange: Strange, gateway: Gateway) -> None:
    strange.drops = True
    assert gateway.glance() is None
    strange.drops, strange.content = False, json.dumps(WHOLE).encode()
    assert gateway.predict("k", {}, explain=True).served_by == "primary", "it may be asked all the same"


@pytest.mark.parametrize("content", [b"", b"[1]", b"\xff", b'{"name": 1}'])
def test_a_glance_at_what_is_no_model_sees_nothing(strange: Strange, gateway: Gateway, content: bytes) -> None:
    strange.content = content
    assert gateway.glance() is None


@pytest.mark.parametrize("simulated", [True, False])
def test_the_overview_says_so_when_the_gateway_answers_by_simulated_customers(
    strange: Strange, run_app: RunApp, simulated: bool
) -> None:
    strange.status, strange.drops, strange.heads, strange.told = 200, False, False, 0
    strange.content = json.dumps(MODEL | {"simulated": simulated}).encode()
    with run_app(gateway_url=strange.url) as app, app.client() as client:
        for _ in range(100):  # on a busy machine its answer comes after the page
            page = client.get("/").text
            if strange.told and (SERVING in page) == simulated:
                break
            time.sleep(0.1)
        assert strange.told
        assert (SERVING in client.get("/").text) == simulated
        assert "Simulated customers: the model learnt" not in page


def test_the_overview_says_so_when_the_scores_are_by_simulated_customers(
    run_app: RunApp, scored: Scored, make_package: PackageMaker, keys: Keys, tmp_path: Path
) -> None:
    made_up = dataclasses.replace(scored, home=tmp_path, model=make_package(), verify_key=keys.verify_path)
    with run_app(made_up) as app, app.client() as client:
        page = client.get("/").text
    assert "Simulated customers: the model learnt from made-up data, so no figure here is about real people." in page
    assert SERVING not in page
