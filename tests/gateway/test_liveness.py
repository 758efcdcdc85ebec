"""A gateway whose background task cannot be kept alive says so, and names it; a task that broke once does its work."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from churn_serving.adapters.http_backend import HttpBackend
from churn_serving.core.guarded import GuardedBackend
from churn_serving.gateway.bootstrap import Gateway, open_gateway
from churn_serving.gateway.key_file import add_key, entry_for, new_key, read_keys
from churn_serving.gateway.settings import GatewaySettings

KEY = new_key()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    add_key(tmp_path / "api-keys.json", entry_for(KEY, "marketing"))
    return tmp_path / "api-keys.json"


@pytest.fixture
async def gateway(
    file: Path, keys: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Gateway, httpx.AsyncClient]]:
    """A whole gateway in this process, without backends."""
    environment = {"HOME": tmp_path, "VERIFY_KEY": keys.verify_path, "GATEWAY_API_KEYS": file}
    environment |= {"GATEWAY_PRIMARY_URL": "http://127.0.0.1:9", "GATEWAY_FALLBACK_URL": ""}
    for name, value in environment.items():
        monkeypatch.setenv(f"CHURN_{name}", str(value))
    async with open_gateway(GatewaySettings()) as opened:
        transport = httpx.ASGITransport(opened.application)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            yield opened, client


def revoke_all(file: Path) -> None:
    file.write_text('{"keys": []}')


async def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


def crashes(gateway: Gateway, task: str = "API keys") -> float:
    labels = {"task": task}
    return gateway.metrics.registry.get_sample_value("churn_background_task_crashes_total", labels) or 0.0


async def test_revocation_works_after_its_watcher_broke(
    gateway: tuple[Gateway, httpx.AsyncClient], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, client = gateway
    broken = 2

    def breaks_twice(path: Path) -> Any:
        nonlocal broken
        broken -= 1
        if broken >= 0:
            raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "nobody foresaw this")
        return read_keys(path)

    monkeypatch.setattr("churn_serving.gateway.key_ring.read_keys", breaks_twice)
    assert (await client.get("/v1/model", headers={"x-api-key": KEY})).status_code == 503  # known; there is no model
    revoke_all(file)
    await until(lambda: crashes(opened) == 2)
    await until(lambda: broken < 0)
    await asyncio.sleep(0.05)
    assert (await client.get("/v1/model", headers={"x-api-key": KEY})).status_code == 401
    assert (await client.get("/livez")).json() == {"status": "alive"}


@pytest.mark.parametrize(
    ("task", "kind", "method"),
    [("refresh primary", HttpBackend, "learn"), ("probe primary", GuardedBackend, "probe")],
    ids=["refresh", "probe"],
)
async def test_backends_are_asked_again_after_what_nobody_foresaw(
    gateway: tuple[Gateway, httpx.AsyncClient], monkeypatch: pytest.MonkeyPatch, task: str, kind: type, method: str
) -> None:
    opened, client = gateway
    asked, right = 0, getattr(kind, method)

    async def breaks_twice(self: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked <= 2:
            raise KeyError("nobody foresaw this")
        return await right(self)

    monkeypatch.setattr(kind, method, breaks_twice)
    await until(lambda: crashes(opened, task) == 2)
    await until(lambda: asked > 3)
    assert crashes(opened, task) == 2
    assert opened.supervisor.running[task]
    assert (await client.get("/livez")).status_code == 200


async def test_a_task_beyond_help_ends_the_process_life(
    gateway: tuple[Gateway, httpx.AsyncClient], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, client = gateway

    def breaks(_: Path) -> Any:
        raise OSError(5, f"secret of {KEY}")

    monkeypatch.setattr("churn_serving.gateway.key_ring.read_keys", breaks)
    revoke_all(file)
    await until(lambda: crashes(opened) >= 3)
    answer = await client.get("/livez")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert "API keys" in answer.json()["detail"]
    assert KEY not in answer.text
    live = await client.get("/v2/health/live")
    assert (live.status_code, live.json()) == (503, {"live": False})
    assert (await client.get("/v1/model", headers={"x-api-key": KEY})).status_code == 503, "the rest goes on"


async def test_a_process_for_large_bodies_that_cannot_be_started_is_no_reason_to_end_the_gateway(
    keys: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("churn_serving.gateway.reader_stream._COMMAND", (sys.executable, "-c", "raise SystemExit(1)"))
    environment = {"HOME": tmp_path, "VERIFY_KEY": keys.verify_path}
    environment |= {"GATEWAY_PRIMARY_URL": "http://127.0.0.1:9", "GATEWAY_FALLBACK_URL": ""}
    for name, value in environment.items():
        monkeypatch.setenv(f"CHURN_{name}", str(value))
    async with open_gateway(GatewaySettings()) as opened:
        transport = httpx.ASGITransport(opened.application)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            await until(lambda: crashes(opened, "large bodies") >= 3)
            assert (await client.get("/livez")).json() == {"status": "alive"}
            assert (await client.get("/v2/health/live")).json() == {"live": True}
