"""Attacks by whole gRPC calls: names without end, calls that are given up, questions without a key."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import grpc.aio

from churn_serving.oip import open_inference_grpc_pb2 as messages
from churnattack.target import HOST, Attack, Run, Tally, Target, paced, together

SERVICE = "/inference.GRPCInferenceService/"
LARGE = 1_900_000
PATIENCE_SECONDS = 20.0
MEMORY = (("grpc.max_receive_message_length", 64 << 20), ("grpc.use_local_subchannel_pool", 1))

Call = tuple[str, Any, float]
"""Method, message, seconds that the caller waits."""


def calling(make: Callable[[Target, int], Call], rate: float, connections: int = 2, *, keyed: bool = True) -> Run:
    """An attack that makes such calls in turn."""

    async def run(target: Target, tally: Tally) -> None:
        await together(connections, lambda _: call_in_turn(target, tally, make, rate / connections, keyed=keyed))

    return run


async def call_in_turn(
    target: Target, tally: Tally, make: Callable[[Target, int], Call], rate: float, *, keyed: bool
) -> None:
    """One connection with one call at a time."""
    metadata = (("x-api-key", target.key),) if keyed else ()
    async with grpc.aio.insecure_channel(f"{HOST}:{target.grpc}", options=MEMORY) as channel:
        async for number in paced(target, rate):
            method, message, patience = make(target, number)
            content = message.SerializeToString()
            tally.sent += 1
            tally.bytes_sent += len(content)
            asked = channel.unary_unary(SERVICE + method, as_it_is, as_it_is)(
                content, metadata=metadata, timeout=patience
            )
            await counted(asked, tally)


def as_it_is(content: bytes) -> bytes:
    """Messages are made and thrown away as bytes."""
    return content


async def counted(asked: Awaitable[Any], tally: Tally) -> None:
    """Wait for an answer and count its status."""
    try:
        tally.bytes_received += len(await asked)
        tally.answers["OK"] += 1
    except grpc.aio.AioRpcError as error:
        tally.answers[error.code().name] += 1
        tally.bytes_received += len(error.details() or "")
    except asyncio.CancelledError:
        tally.answers["CANCELLED"] += 1
        raise


def inference(target: Target, rows: int = 1, name: str = "", text: str = "") -> Any:
    """A `ModelInferRequest` of equal rows, with another tensor or another text if wanted."""
    request = messages.ModelInferRequest(model_name=target.model)
    for feature, value in target.features.items():
        made = request.inputs.add(name=feature, shape=[rows])
        if isinstance(value, str):
            made.datatype = "BYTES"
            made.contents.bytes_contents.extend([(text or value).encode()] * rows)
        else:
            made.datatype = "FP64"
            made.contents.fp64_contents.extend([float(value)] * rows)
    if name:
        request.inputs.add(name=name, shape=[1], datatype="FP64").contents.fp64_contents.append(1.0)
    return request


def long_names(target: Target, number: int) -> Call:
    """Names and values that a refusal may show, and that its metadata could not hold."""
    made = (
        lambda: inference(target, name="n" * LARGE),
        lambda: inference(target, name='"\\\n\u2028' * 1000),
        lambda: inference(target, text="v" * 100_000),
        lambda: messages.ModelInferRequest(model_name="m" * LARGE),
        lambda: inference(target, name="ü" * 9000),
    )
    return "ModelInfer", made[number % len(made)](), PATIENCE_SECONDS


def many_rows(target: Target, _: int) -> Call:
    """As many rows as the protocol allows."""
    return "ModelInfer", inference(target, rows=10_000), PATIENCE_SECONDS


def given_up(target: Target, _: int) -> Call:
    """A good call whose caller waits a millisecond."""
    return "ModelInfer", inference(target), 0.001


def keyless(target: Target, number: int) -> Call:
    """Every method without a key; readiness of models that exist and of others."""
    made: tuple[tuple[str, Any], ...] = (
        ("ModelReady", messages.ModelReadyRequest(name=target.model)),
        ("ModelReady", messages.ModelReadyRequest(name=f"model-{number}")),
        ("ServerMetadata", messages.ServerMetadataRequest()),
        ("ModelMetadata", messages.ModelMetadataRequest(name=target.model)),
        ("ModelInfer", inference(target)),
        ("NoSuchMethod", messages.ServerLiveRequest()),
    )
    return *made[number % len(made)], PATIENCE_SECONDS


CALL_ATTACKS = (
    Attack("grpc-names", "gRPC", "names and values that no refusal can hold, 4 a second", calling(long_names, 4.0)),
    Attack("grpc-rows", "gRPC", "10,000 rows in a loop, one caller", calling(many_rows, 100.0, 1)),
    Attack("grpc-given-up", "gRPC", "100 good calls a second, given up after 1 ms", calling(given_up, 100.0)),
    Attack(
        "grpc-keyless", "gRPC, no key", "every method without a key, 100 a second", calling(keyless, 100.0, keyed=False)
    ),
)
