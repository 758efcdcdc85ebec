"""A running gateway that keeps its answers, and ways to ask it."""

import asyncio
import dataclasses
import itertools
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import aiohttp
import grpc
import httpx

from churn_serving.oip import grpc_codec, json_codec
from churn_serving.oip import open_inference_grpc_pb2 as messages
from patience import PATIENT_CHANNEL, post
from real_processes import System
from sample_package import MODEL_NAME, sample_rows, sample_schema

PATIENCE_SECONDS = 150.0
LOGGED = ("tenure", "Contract")
INFER = f"/v2/models/{MODEL_NAME}/infer"
FEATURES = {"tenure": 7, "Contract": "One year", "charges": 70.5, "Payment": "Wallet", "Senior Citizen": 1}


@dataclasses.dataclass
class Keeping:
    """``folder`` is where segments lie, ``key_file`` holds the key that customers are hashed with."""

    system: System
    home: Path
    folder: Path
    key_file: Path

    def predict(self, *customer_ids: str, request_id: str, explain: bool = False, **features: Any) -> dict[str, Any]:
        customers = [{"customer_id": name, "features": {**FEATURES, **features}} for name in customer_ids]
        answer = post(
            f"{self.system.gateway_url}/v1/predictions",
            json={"customers": customers, "explain": explain},
            headers={"x-request-id": request_id},
        )
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def infer(self, rows: int, request_id: str, named: str = "") -> dict[str, Any]:
        body = json_codec.encode_request(sample_rows(rows, 4), sample_schema())
        if named:
            body = b'{"id":"' + named.encode() + b'",' + body[1:]
        headers = {"x-request-id": request_id, "content-type": "application/json"}
        answer = post(self.system.gateway_url + INFER, content=body, headers=headers)
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def infer_over_grpc(self, rows: int, request_id: str) -> None:
        address = f"127.0.0.1:{self.system.ports['gateway_grpc']}"
        with grpc.insecure_channel(address, options=PATIENT_CHANNEL) as channel:
            call = channel.unary_unary(
                "/inference.GRPCInferenceService/ModelInfer",
                request_serializer=messages.ModelInferRequest.SerializeToString,
                response_deserializer=messages.ModelInferResponse.FromString,
            )
            metadata = (("x-request-id", request_id),)
            call(grpc_codec.encode_request(sample_rows(rows, 4), sample_schema()), timeout=30, metadata=metadata)

    def metric(self, name: str, labels: str = "") -> float:
        text = httpx.get(f"http://127.0.0.1:{self.system.ports['metrics']}/metrics", timeout=60).text
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(f"{name}{labels}"))


def wait_until(condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


async def until(condition: Callable[[], bool]) -> None:
    """The same on an event loop; only what hangs gets to its end, however busy the machine."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(0.02)


class Callers:
    """Many callers at once, who ask again and again, or `rate` times a second all together; each id that was answered
    is written down when its answer is there, and what fails is not asked again."""

    def __init__(self, url: str, callers: int = 16, rate: float = 0.0) -> None:
        self._url = f"{url}/v1/predictions"
        self._callers, self._rate = callers, rate
        self._count = itertools.count()
        self._over = asyncio.Event()
        self.asked = 0
        self.answered: dict[str, int] = {}
        self.due = array("d")
        """When each of them was to be asked, by this process's own clock; and how many seconds after that it had its
        answer."""
        self.seconds = array("d")

    async def __aenter__(self) -> Self:
        self._begun = time.monotonic()
        self._tasks = [asyncio.create_task(self._ask()) for _ in range(self._callers)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over.set()
        await asyncio.gather(*self._tasks)

    async def _ask(self) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as client:
            while not self._over.is_set():
                number = next(self._count)
                due = self._begun + number / self._rate if self._rate else time.monotonic()
                await asyncio.sleep(due - time.monotonic())
                request_id, many = f"r-{number}", 1 + number % 3 + 40 * (number % 50 == 0)
                customers = [{"customer_id": f"customer-{number}-{one}", "features": FEATURES} for one in range(many)]
                self.asked = max(self.asked, number + 1)
                try:
                    asking = client.post(self._url, json={"customers": customers}, headers={"x-request-id": request_id})
                    async with asking as answer:
                        await answer.read()
                except (aiohttp.ClientError, TimeoutError):  # it was killed meanwhile
                    await asyncio.sleep(0.05)
                    continue
                if answer.status == 200:
                    self.answered[request_id] = many
                    self.due.append(due)
                    self.seconds.append(time.monotonic() - due)
