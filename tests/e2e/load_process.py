"""The process behind :mod:`tests.e2e.steady_load`: open-loop requests over HTTP and gRPC, one line a request.

Requests leave when they are due, whatever became of earlier ones, and a latency counts from that moment. Nothing is
ever sent twice, but gRPC calls that a leaving server has cancelled unread, and what a gateway has no room for and says
when to come back, as it does when a busy machine leaves it no processor. Three of four HTTP requests use kept
connections, every fourth opens its own, so that both the drain of an old process and the way to a new one are tried all
the time. aiohttp rather than httpx, because on a small machine the load must not be what slows the answers.
"""

import asyncio
import json
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import grpc
import grpc.aio

from churn_serving.oip import open_inference_grpc_pb2 as messages
from churn_serving.oip.grpc_codec import encode_request
from tests.e2e.customers import Customers, read_customers

TIMEOUT_SECONDS = 5.0
FLUSH_SECONDS = 0.2
NEW_CONNECTION_EVERY = 4
CHANNELS = 2
MOST_SENT_AGAIN = 2
"""gRPC calls of one load that may be sent a second time, of a hundred or more a server that leaves."""
NO_ROOM, NO_ROOM_TYPE = 503, "urn:churn-serving:problem:overloaded"
RETURN_SECONDS, MOST_RETURNS = 1.0, 5
"""What a gateway without room says in `Retry-After`, and how often one request comes back."""
_METHOD = "/inference.GRPCInferenceService/ModelInfer"

Answered = tuple[str, str]  # served by, digest of the model
Ask = Callable[[int, int], Awaitable[Answered]]


class Failed(Exception):
    """An answer that is not one."""


class NoRoom(Failed):
    """The gateway had no room for it at this moment, and did nothing with it."""


class HttpCaller:
    """Asks ``POST /v1/predictions``, one customer a request."""

    def __init__(self, url: str, key: str, customers: Customers) -> None:
        self._url = f"{url}/v1/predictions"
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        self._kept = aiohttp.ClientSession(headers=headers, timeout=timeout)
        new = aiohttp.TCPConnector(force_close=True)
        self._new = aiohttp.ClientSession(headers=headers, timeout=timeout, connector=new)
        self._bodies = [json.dumps({"customers": [customers.record(n)]}).encode() for n in range(len(customers.ids))]

    async def ask(self, number: int, customer: int) -> Answered:
        """One request; raises when it fails."""
        session = self._new if number % NEW_CONNECTION_EVERY == 0 else self._kept
        async with session.post(self._url, data=self._bodies[customer]) as response:
            content = await response.read()
            if response.status != 200:
                said = content[:200].decode(errors="replace")
                no_room = response.status == NO_ROOM and NO_ROOM_TYPE in said
                raise (NoRoom if no_room else Failed)(f"status {response.status}: {said}")
            document = json.loads(content)
            return document["served_by"], document["model"]["digest"]

    async def close(self) -> None:
        """Close both pools."""
        await self._kept.close()
        await self._new.close()


class GrpcCaller:
    """Asks ``ModelInfer`` on channels of their own connections, as a client does that was told nothing: the library
    repeats by itself what the server's last GOAWAY says it never saw, and nothing else (gRFC A6, transparent retries).

    A few calls may be sent once more: what reaches a server of this library between its last look for calls and its
    GOAWAY is cancelled unread, and nothing in a server's hands prevents it. Whoever asks over gRPC needs one repetition
    of a cancelled call, so this caller has it too, says so on stderr, and fails if it is needed often.
    """

    def __init__(self, address: str, key: str, customers: Customers) -> None:
        options = [("grpc.use_local_subchannel_pool", 1)]
        self._sent_again = 0
        self._channels = [grpc.aio.insecure_channel(address, options) for _ in range(CHANNELS)]
        self._calls = [
            channel.unary_unary(_METHOD, lambda body: body, messages.ModelInferResponse.FromString)
            for channel in self._channels
        ]
        self._metadata = (("authorization", f"Bearer {key}"),)
        self._bodies = [
            encode_request([row], customers.schema, customer_id).SerializeToString()
            for customer_id, row in zip(customers.ids, customers.rows, strict=True)
        ]

    async def ask(self, number: int, customer: int) -> Answered:
        """One request; raises when it fails."""
        try:
            answer = await self._call(number, customer)
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
                raise NoRoom(f"{error.code().name}: {error.details()}") from error
            if error.code() is not grpc.StatusCode.CANCELLED or self._sent_again >= MOST_SENT_AGAIN:
                raise Failed(f"{error.code().name}: {error.details()}") from error
            self._sent_again += 1
            sys.stderr.write(f"{time.time():.3f} gRPC call {number} was cancelled and is sent again\n")
            return await self.ask(number, customer)
        return answer.parameters["served_by"].string_param, answer.parameters["digest"].string_param

    async def _call(self, number: int, customer: int) -> messages.ModelInferResponse:
        call = self._calls[number % CHANNELS]
        answer: messages.ModelInferResponse = await call(
            self._bodies[customer], timeout=TIMEOUT_SECONDS, metadata=self._metadata
        )
        return answer

    async def close(self) -> None:
        """Close the channels."""
        for channel in self._channels:
            await channel.close(None)


class Recorder:
    """Lines of ``[due, seconds, protocol, customer, served by, model, failure, returns]``, written a few times a
    second."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: list[str] = []

    async def run(self, ask: Ask, protocol: str, number: int, customer: int, due: float) -> None:
        """Send one request and note what became of it."""
        failure, served_by, model = "", "", ""
        returns = 0
        while True:
            try:
                served_by, model = await ask(number, customer)
            except NoRoom as error:
                if returns < MOST_RETURNS:
                    returns += 1
                    await asyncio.sleep(RETURN_SECONDS)
                    continue
                failure = f"{type(error).__name__}: {error}"
            except (Failed, aiohttp.ClientError, OSError, TimeoutError, ValueError, KeyError) as error:
                failure = f"{type(error).__name__}: {error}"
            break
        took = time.time() - due
        self._lines.append(json.dumps([due, round(took, 4), protocol, customer, served_by, model, failure, returns]))

    def flush(self) -> None:
        """Write what has come in since the last time."""
        lines, self._lines = self._lines, []
        if lines:
            with self._path.open("a") as file:
                file.write("\n".join(lines) + "\n")


async def send(ask: Ask, protocol: str, rate: float, count: int, recorder: Recorder, stop: asyncio.Event) -> None:
    """`rate` requests a second on a fixed schedule until told to stop, then the answers still under way."""
    under_way: set[asyncio.Task[None]] = set()
    started, number = time.time(), 0
    while not stop.is_set():
        due = started + number / rate
        ahead = due - time.time()
        if ahead > 0:
            await asyncio.sleep(ahead)
        task = asyncio.create_task(recorder.run(ask, protocol, number, number % count, due))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        number += 1
    await asyncio.gather(*under_way)


async def main(plan: dict[str, Any]) -> None:
    """Run until SIGTERM."""
    customers = read_customers(Path(plan["data"]), plan["customers"])
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    recorder = Recorder(Path(plan["records"]))
    count = len(customers.ids)
    http = HttpCaller(plan["http"], plan["key"], customers)
    rpc = GrpcCaller(plan["grpc"], plan["key"], customers)
    senders = asyncio.gather(
        send(http.ask, "http", plan["http_rate"], count, recorder, stop),
        send(rpc.ask, "grpc", plan["grpc_rate"], count, recorder, stop),
    )
    while not senders.done():
        await asyncio.wait([senders], timeout=FLUSH_SECONDS)
        recorder.flush()
    senders.result()
    await http.close()
    await rpc.close()


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(json.load(sys.stdin)))
