"""A server's life: bad settings, hot swap under load, refusal, and a clean end."""

import asyncio
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from churn_model.package import Package
from churn_serving.oip.json_codec import encode_request
from ports import free_port
from tests.backends.packages import SCHEMA, Factory, customers
from tests.backends.servers import READY_SECONDS, Server, start_fallback, start_predictor

INFER = "/v2/models/churn-telecom/infer"
JSON = {"content-type": "application/json"}
BODY = encode_request(customers(1), SCHEMA)
OTHER_DIGEST = "sha256:" + "0" * 64
Start = Callable[..., Server]


@pytest.fixture(params=[start_predictor, start_fallback], ids=["predictor", "fallback"])
def server(request: pytest.FixtureRequest, package: Package, verify_key: Path, tmp_path: Path) -> Iterator[Server]:
    """One server on a champion link that leads to version 1."""
    (tmp_path / "champion").symlink_to(package.path)
    start: Start = request.param
    running = start(tmp_path / "champion", verify_key, tmp_path, "--reload-seconds", "0.1", "--drain-seconds", "4")
    try:
        running.wait_ready()
        yield running
    finally:
        running.kill()


async def test_a_life(server: Server, factory: Factory, tmp_path: Path) -> None:
    """Swap to a good package without a failed request, refuse a spoilt one, then end cleanly under load."""
    factory.write(tmp_path / "2", "2", seed=2)
    shutil.copytree(tmp_path / "2", tmp_path / "3")
    (tmp_path / "3" / "model.cbm").write_bytes(b"not a model")
    async with httpx.AsyncClient(base_url=server.url, headers=JSON) as client:
        versions = await keep_asking(client, lambda: point(tmp_path / "2", tmp_path / "champion"), until="2")
        assert set(versions) == {"1", "2"}
        assert versions == sorted(versions)

        point(tmp_path / "3", tmp_path / "champion")
        answer = await client.post("/v2/repository/models/churn-telecom/load")
        assert answer.status_code == 422
        assert answer.json() == {"error": "model.cbm: differs from the digest in manifest.json"}
        assert (await client.post(INFER, content=BODY)).json()["model_version"] == "2"

    server.process.terminate()
    assert await answer_that_is_not(200, server, "/v2/health/ready") == 503
    assert server.process.wait(timeout=60) == 0
    log = server.log.read_text()
    assert "Traceback" not in log
    assert "package refused, still serving version 2: model.cbm: differs from the digest" in log


@pytest.mark.parametrize("start", [start_predictor, start_fallback], ids=["predictor", "fallback"])
async def test_another_package_than_the_expected_one_is_left_alone(
    start: Start, package: Package, verify_key: Path, factory: Factory, tmp_path: Path
) -> None:
    factory.write(tmp_path / "2", "2", seed=2)
    (tmp_path / "champion").symlink_to(package.path)
    flags = ("--reload-seconds", "0.1", "--digest", package.digest)
    server = start(tmp_path / "champion", verify_key, tmp_path, *flags)
    try:
        server.wait_ready()
        point(tmp_path / "2", tmp_path / "champion")
        async with httpx.AsyncClient(base_url=server.url, headers=JSON) as client:
            refused = await client.post("/v2/repository/models/churn-telecom/load")
            assert refused.status_code == 422
            assert f"only {package.digest} may be served here" in refused.json()["error"]
            await asyncio.sleep(0.5)
            assert (await client.post(INFER, content=BODY)).json()["model_version"] == "1"
            assert (await client.get("/v2/health/ready")).status_code == 200
        assert "still serving version 1: its digest is sha256:" in server.log.read_text()
    finally:
        server.kill()


async def answer_that_is_not(usual: int, server: Server, path: str) -> int:
    """The first other status, of a new connection each time; 0 once the server has gone."""
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(base_url=server.url, headers=JSON, limits=limits) as client:
        status = usual
        while status == usual:
            try:
                status = (await client.get(path)).status_code
            except httpx.TransportError:
                status = 0
    return status


async def keep_asking(client: httpx.AsyncClient, change: Callable[[], None], until: str) -> list[str]:
    """Versions that answered, in order, while ``change`` happens; every answer must be a good one."""
    versions: list[str] = []
    change_after, end = 20, time.monotonic() + 60
    while not versions or versions[-1] != until:
        answer = await client.post(INFER, content=BODY)
        assert answer.status_code == 200
        versions.append(answer.json()["model_version"])
        if len(versions) == change_after:
            change()
        assert time.monotonic() < end, "the change was not noticed"
    return versions


def point(target: Path, link: Path) -> None:
    temporary = link.with_suffix(".new")
    temporary.symlink_to(target)
    temporary.replace(link)


@pytest.mark.parametrize("module", ["churn_serving.predictor", "churn_serving.bento"])
@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--model", "{model}", "--metrics-port", "abc"], "--metrics-port"),
        ([], "--model"),
        (["--model", "{tmp}"], "signature: missing"),
        (["--model", "{tmp}/nowhere"], "nowhere"),
        (["--model", "{model}", "--digest", "latest"], "--digest"),
        (["--model", "{model}", "--digest", OTHER_DIGEST], f"only {OTHER_DIGEST} may be served here"),
    ],
    ids=["port", "no model", "no package", "no folder", "no digest", "other digest"],
)
def test_what_cannot_be_used_ends_the_start_with_one_line(
    module: str, flags: list[str], named: str, package: Package, verify_key: Path, tmp_path: Path
) -> None:
    arguments = [flag.format(model=package.path, tmp=tmp_path) for flag in flags]
    arguments += [
        "--port" if module.endswith("bento") else "--http-port",
        str(free_port()),
        "--verify-key",
        str(verify_key),
    ]
    ended = subprocess.run(
        [sys.executable, "-m", module, *arguments], check=False, capture_output=True, text=True, timeout=READY_SECONDS
    )
    assert ended.returncode == 2
    assert named in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
