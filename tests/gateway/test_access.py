"""Every page of the application and every gRPC method, against the one table of what is open without a key."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import httpx
import pytest
from fastapi.routing import APIRoute

from churn_serving.gateway.access import OPEN_METHODS, OPEN_PATHS
from churn_serving.gateway.bootstrap import Gateway, open_gateway
from churn_serving.gateway.grpc_patience import Patience
from churn_serving.gateway.grpc_server import services_of, start_server
from churn_serving.gateway.key_file import add_key, entry_for, new_key
from churn_serving.gateway.settings import GatewaySettings
from churn_serving.oip.grpc_descriptors import SERVICES, descriptor_pool
from churn_serving.oip.grpc_limits import GrpcLimits
from ports import free_port

HOT = ("/v1/predictions", "/v2/models/x/infer", "/v2/models/x/versions/1/infer")
OTHERS = ("/", "/nowhere", "/metrics", "/docs/", "/docs/oauth2-redirect", "/redoc", "/v2/", "/v2/models", "/livez/x")
KEY = new_key()
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")


@pytest.fixture
async def gateway(keys: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Gateway]:
    """One that wants keys, in this process."""
    add_key(tmp_path / "api-keys.json", entry_for(KEY, "marketing"))
    environment = {"HOME": tmp_path, "VERIFY_KEY": keys.verify_path, "GATEWAY_API_KEYS": tmp_path / "api-keys.json"}
    for name, value in environment.items():
        monkeypatch.setenv(f"CHURN_{name}", str(value))
    async with open_gateway(GatewaySettings()) as opened:
        yield opened


def pages(gateway: Gateway) -> Iterator[str]:
    for route in gateway.application._pages.routes:
        assert isinstance(route, APIRoute), route
        yield route.path.replace("{name}", "x").replace("{version}", "1")


async def test_every_page(gateway: Gateway) -> None:
    found = set(pages(gateway))
    assert found >= OPEN_PATHS, "the table names pages that do not exist"
    transport = httpx.ASGITransport(gateway.application)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        for path in (*found, *HOT, *OTHERS):
            for method in METHODS:
                answer = await client.request(method, path)
                assert (answer.status_code != 401) == (path in OPEN_PATHS), (method, path, answer.status_code)


async def test_every_method(gateway: Gateway) -> None:
    pool = descriptor_pool()
    methods = {f"/{name}/{method.name}" for name in SERVICES for method in pool.FindServiceByName(name).methods}
    assert methods >= OPEN_METHODS, "the table names methods that do not exist"
    port = free_port()
    services = Patience(services_of(gateway.inference), 9.0, 9, lambda _: None)
    limits = GrpcLimits(9, 9, 9999, 9, 9, 9)
    server = await start_server(services, gateway.inference.guards, f"127.0.0.1:{port}", limits)
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            for method in {*methods, "/inference.GRPCInferenceService/Unheard"}:
                code = await ask(channel, method)
                assert (code is not grpc.StatusCode.UNAUTHENTICATED) == (method in OPEN_METHODS), (method, code)
    finally:
        await server.stop(0)


async def test_a_request_with_two_keys_is_refused_everywhere(gateway: Gateway) -> None:
    transport = httpx.ASGITransport(gateway.application)
    both = [("authorization", f"Bearer {KEY}"), ("x-api-key", new_key())]
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        for path in ("/v1/model", "/v2/models", *HOT):
            answer = await client.request("POST" if path in HOT else "GET", path, headers=both)
            assert answer.status_code == 400, path
            assert "one key" in answer.text


async def test_no_path_is_answered_by_sending_its_caller_elsewhere(gateway: Gateway) -> None:
    transport = httpx.ASGITransport(gateway.application)
    async with httpx.AsyncClient(transport=transport, base_url="http://evil.example") as client:
        for path in pages(gateway):
            answer = await client.get(f"{path}/", headers={"x-api-key": KEY})
            assert (answer.status_code, "location" in answer.headers) == (404, False), path


async def ask(channel: grpc.aio.Channel, method: str) -> grpc.StatusCode:
    # One message in one go: a client that still sends when it is refused tells its own failure instead of that.
    call = channel.unary_stream(method, None, None)(b"", timeout=60)
    try:
        async for _ in call:
            return grpc.StatusCode.OK
    except grpc.aio.AioRpcError as error:
        return error.code()
    finally:
        call.cancel()
    return grpc.StatusCode.OK
