"""gRPC's library finds as many header fields in a block as were counted before it, in every form that a field may have:
what it read otherwise would be past all that limits count."""

import concurrent.futures
import contextlib
import queue
import socket
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from churn_serving.web.header_fields import FieldCount
from tests.web.test_header_fields import number, text

CALL = b"".join(
    b"\x00" + text(name) + text(value)
    for name, value in (
        (b":method", b"POST"),
        (b":scheme", b"http"),
        (b":path", b"/some/method"),
        (b":authority", b"x"),
        (b"te", b"trailers"),
        (b"content-type", b"application/grpc"),
    )
)
# Of RFC 7541, C.4 and C.6: the same lengths of other bytes would be no texts.
COMPRESSED = [
    text(bytes.fromhex(each), 0x80) for each in ("f1e3c2e5f23a6ba0ab90f4ff", "a8eb10649cbf", "25a849e95bb8e8b4bf")
]
NAMES = st.sampled_from([text(b"x-a"), text(b"x-" + b"b" * 130), text(bytes.fromhex("25a849e95ba97d7f"), 0x80)])
VALUES = st.sampled_from([text(b""), text(b"y"), text(b"v" * 127), text(b"w" * 400), *COMPRESSED])
REMEMBERED, FORGOTTEN, SECRET = (6, 0x40), (4, 0x00), (4, 0x10)
LITERAL = st.tuples(st.sampled_from([REMEMBERED, FORGOTTEN, SECRET]), NAMES, VALUES)
AGAIN = st.tuples(st.sampled_from([REMEMBERED, FORGOTTEN, SECRET]), st.integers(0, 5), VALUES)
SAME = st.integers(0, 5)
SIZES = st.lists(st.sampled_from([0, 30, 31, 300, 4096]), max_size=2)


class Seen(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # generic in its type information alone
    """Offers nothing, and notes how many fields each call has beside those that make it one."""

    def __init__(self) -> None:
        self.numbers: queue.SimpleQueue[int] = queue.SimpleQueue()

    def service(self, handler_call_details: Any) -> None:
        self.numbers.put(len(handler_call_details.invocation_metadata))


@pytest.fixture(scope="module")
def library() -> Iterator[tuple[int, Seen]]:
    seen = Seen()
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(1), handlers=[seen])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield port, seen
    server.stop(None).wait()


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def block_of(sizes: list[int], fields: list[Any]) -> tuple[bytes, int]:
    """A block, and how many fields it has beside those of the call; what would refer to nothing is left out."""
    content, count, remembered = b"".join(number(size, 5, 0x20) for size in sizes) + CALL, 0, 0
    room = sizes[-1] if sizes else 4096
    for field in fields:
        if isinstance(field, int):
            if field >= remembered:
                continue
            content += number(62 + field, 7, 0x80)
        else:
            form, name, value = field
            if isinstance(name, int):
                if name >= remembered:
                    continue
                content += number(62 + name, *form) + value
            else:
                content += number(0, *form) + name + value
            if form == REMEMBERED:
                remembered = min(remembered + 1, room // 700)  # more never have to make room
        count += 1
    return content, count


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=SIZES,
    fields=st.lists(st.one_of(LITERAL, AGAIN, SAME), max_size=40),
    cut=st.integers(0, 60),
    stream_bit=st.booleans(),
)
def test_the_library_reads_as_many_fields_as_are_counted(
    library: tuple[int, Seen], sizes: list[int], fields: list[Any], cut: int, *, stream_bit: bool
) -> None:
    port, seen = library
    content, count = block_of(sizes, fields)
    counted = FieldCount(200)
    counted.add(content)
    assert counted.number == len(sizes) + 6 + count
    cut = min(cut * 7, len(content))
    stream = 1 | stream_bit << 31  # a bit that means nothing
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        connection.sendall(
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0)
            + frame(1, 1, stream, content[:cut]) + frame(9, 4, stream, content[cut:])
        )  # fmt: skip
        with contextlib.suppress(queue.Empty):
            assert seen.numbers.get(timeout=60) == count
            return
        pytest.fail(f"the library reads no call: {connection.recv(4096)!r}")
