"""A proxy that stands between gateway and primary and, on command, makes the primary look ill.

Usage: `faultproxy.py --port P --target T --control C`, all on 127.0.0.1. `POST /slow` (or another mode) on the
control port switches every connection at once. Sick answers leave health checks alone, which is the harder case: it
says that it is well and answers nonsense. The proxy knows just enough HTTP/1.1 for that (bodies with a length).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

HOST = "127.0.0.1"
SLOW_SECONDS = 1.0
MODES = ("pass", "slow", "reset", "status500", "wrong_shape", "nan")


@dataclass
class Message:
    """One request or response: its first line and headers with the blank line, and its body."""

    head: bytes
    body: bytes

    @property
    def is_inference(self) -> bool:
        """Whether it is a request to score."""
        return self.head.startswith(b"POST ") and b"/infer " in self.head.partition(b"\r\n")[0]


class Proxy:
    """All connections of one proxy and the mode that they share."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.mode = "pass"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry requests of one connection to the target until either side ends it."""
        upstream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        try:
            upstream = await asyncio.open_connection(HOST, self.target)
            while (request := await read_message(reader)) is not None:
                writer.write(await self.answer(request, *upstream))
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            reset(writer)
        finally:
            for each in (writer, *(upstream or ())[1:]):
                each.close()

    async def answer(self, request: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        """The target's answer, or what the mode makes of it.

        Raises:
            ConnectionResetError: the caller shall lose its connection.
        """
        if self.mode == "reset":
            raise ConnectionResetError
        if self.mode == "slow":
            await asyncio.sleep(SLOW_SECONDS)
        if self.mode == "status500" and request.is_inference:
            return b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n"
        writer.write(request.head + request.body)
        response = await read_message(reader)
        if response is None:
            raise ConnectionResetError
        if request.is_inference and self.mode in DISTORTIONS:
            return distorted(response, DISTORTIONS[self.mode])
        return response.head + response.body

    async def control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Switch to the mode that the path of one request names."""
        request = await read_message(reader)
        mode = request.head.split(b" ")[1].decode(errors="replace").strip("/") if request else ""
        if mode in MODES:
            self.mode = mode
        status = b"200 OK" if mode in MODES else b"404 Not Found"
        writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()


async def read_message(reader: asyncio.StreamReader) -> Message | None:
    """The next message, None at the end of the connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    return Message(head, await reader.readexactly(content_length(head)))


def content_length(head: bytes) -> int:
    """Length of the body that follows."""
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection with RST rather than FIN: no linger, then close."""
    opened = writer.get_extra_info("socket")
    if opened is not None:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def distorted(response: Message, distort: Callable[[dict[str, Any]], None]) -> bytes:
    """The response with every output tensor changed, still well-formed HTTP."""
    document = json.loads(response.body)
    for output in document["outputs"]:
        distort(output)
    body = json.dumps(document).encode()
    lines = response.head.split(b"\r\n")
    kept = [line for line in lines if line and not line.lower().startswith(b"content-length:")]
    return b"\r\n".join([*kept, b"content-length: %d" % len(body), b"", b""]) + body


def one_row_more(output: dict[str, Any]) -> None:
    """An answer to a question with one row more."""
    output["data"] = [*output["data"], output["data"][-1]]
    output["shape"] = [len(output["data"]), *output["shape"][1:]]


def not_a_number(output: dict[str, Any]) -> None:
    """NaN for every real number, as Python's own JSON writes it."""
    if output["datatype"] == "FP64":
        output["data"] = [float("nan")] * len(output["data"])


DISTORTIONS = {"wrong_shape": one_row_more, "nan": not_a_number}


async def run(port: int, target: int, control: int) -> None:
    """Serve until ended."""
    proxy = Proxy(target)
    async with (
        await asyncio.start_server(proxy.serve, HOST, port),
        await asyncio.start_server(proxy.control, HOST, control),
    ):
        await asyncio.Event().wait()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--port", "--target", "--control"):
        parser.add_argument(name, type=int, required=True)
    arguments = parser.parse_args()
    asyncio.run(run(arguments.port, arguments.target, arguments.control))


if __name__ == "__main__":
    main()
