"""Bodies of many callers together take a bounded share of memory; whoever sends little is answered all the same."""

import contextlib
import json
import select
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.web.doors import Door, describe_door, eventually, opened, read_all, send_until_closed

MEGABYTE = 2**20
HELD = 4 * MEGABYTE
HALF = b" " * (MEGABYTE * 3 // 2)
LENGTH = f"Content-Length: {2 * MEGABYTE}"


@pytest.fixture(scope="module", params=["gateway", "predictor", "bento"])
def door(
    request: pytest.FixtureRequest, package_folder: Path, keys: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Door]:
    home = tmp_path_factory.mktemp("home")
    changes = {"MAXIMUM_HELD_BODY_BYTES": str(HELD), "BODY_SECONDS": "6"}
    yield from opened(describe_door(request.param, package_folder, keys.verify_path, home, **changes))


def test_half_sent_bodies_are_bounded(door: Door) -> None:
    before = door.megabytes()
    with contextlib.ExitStack() as stack:
        answers = []
        for _ in range(30):
            caller = stack.enter_context(door.connect())
            send_until_closed(caller, door.head(LENGTH) + HALF, 1, seconds=1)
            if select.select([caller], [], [], 0.3)[0]:
                answers.append(read_all(caller))
        refused = [answer for answer in answers if b"Too many large requests" in answer]
        assert len(refused) >= 20
        assert all(answer.startswith(b"HTTP/1.1 503 ") and b"retry-after: 1" in answer for answer in refused)
        assert door.megabytes() - before < 3 * HELD / MEGABYTE + 8
        assert door.answers()
        with door.connect() as small:
            body = json.dumps({"customers": []}).encode()
            small.sendall(door.head(f"Content-Length: {len(body)}") + body)
            assert b"Too many large requests" not in first_answer(small)
    assert door.refused("bodies") >= 20


def first_answer(caller: socket.socket) -> bytes:
    caller.settimeout(5)
    return caller.recv(65_536)


def test_what_was_answered_is_held_no_longer(door: Door) -> None:
    body = b" " * (2 * MEGABYTE - 1)

    def accepted() -> bool:
        with door.connect() as caller:
            send_until_closed(caller, door.head(f"Content-Length: {len(body)}") + body, 1)
            return b"Too many large requests" not in first_answer(caller)

    eventually(accepted)
    for _ in range(5):
        assert accepted()


@pytest.mark.parametrize("name", ["gateway", "predictor", "bento"])
def test_one_body_beyond_every_limit_is_said_to_be_too_large(
    name: str, package_folder: Path, keys: Any, tmp_path: Path
) -> None:
    """Whoever reads it drops it while it comes, so that it takes no share of what others may hold."""
    size = 40 * MEGABYTE
    for door in opened(describe_door(name, package_folder, keys.verify_path, tmp_path)):
        with door.connect() as caller:
            send_until_closed(caller, door.head(f"Content-Length: {size}") + b" " * size, 1, seconds=20)
            answer = read_all(caller)
    assert answer.startswith(b"HTTP/1.1 413 "), answer[:200]
