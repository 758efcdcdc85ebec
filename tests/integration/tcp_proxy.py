"""What stands between a gateway and the many pods behind one address: each new connection goes to the next of them.

It knows no HTTP. Pods can vanish in the two ways in which they do: refusing, and swallowing whatever is sent to them.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Iterator, Sequence

_READ_BYTES = 65_536


class TcpProxy:
    """Runs on a thread of its own; ``opened`` counts the connections to each target, in the order of the targets."""

    def __init__(self, targets: Sequence[int]) -> None:
        self.port = 0
        self.opened = [0] * len(targets)
        self._targets = list(targets)
        self._count = 0
        self._withdrawn: set[int] = set()
        self._lost: set[asyncio.StreamWriter] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()

    @property
    def url(self) -> str:
        """Where callers find the targets."""
        return f"http://127.0.0.1:{self.port}"

    def withdraw(self, target: int) -> None:
        """Give no more connections to a target; those that are open stay."""
        self._loop.call_soon_threadsafe(self._withdrawn.add, target)

    def lose_connections(self) -> None:
        """From now on nothing that is sent on a connection that is open now arrives anywhere, and nobody says so."""
        self._loop.call_soon_threadsafe(lambda: self._lost.update(self._writers))

    def run(self, started: threading.Event) -> None:
        """Serve until stopped."""
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    def stop(self) -> None:
        """End the serving thread's loop."""
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        index = self._next()
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._targets[index])
        except OSError:
            _reset(writer)
            return
        self.opened[index] += 1
        self._writers |= {writer, far_writer}
        try:
            await asyncio.gather(self._carry(reader, far_writer), self._carry(far_reader, writer))
        finally:
            for each in (writer, far_writer):
                self._writers.discard(each)
                self._lost.discard(each)
                each.close()

    def _next(self) -> int:
        while True:
            index = self._count % len(self._targets)
            self._count += 1
            if self._targets[index] not in self._withdrawn:
                return index

    async def _passing(self, data: bytes) -> None:
        """Called before data is carried on, in either direction."""

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_READ_BYTES):
                await self._passing(data)
                if writer not in self._lost:
                    writer.write(data)
                    await writer.drain()
        if writer not in self._lost:
            writer.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    opened = writer.get_extra_info("socket")
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Holder(TcpProxy):
    """Holds back what has ``mark`` in it, and nothing else, until ``go`` is set; ``held`` counts it."""

    def __init__(self, target: int, mark: bytes) -> None:
        super().__init__([target])
        self._mark = mark
        self.go = threading.Event()
        self.held = 0

    async def _passing(self, data: bytes) -> None:
        if self._mark in data and not self.go.is_set():
            self.held += 1
            await asyncio.to_thread(self.go.wait)

    def stop(self) -> None:
        """Let go and end."""
        self.go.set()
        super().stop()


class ExplanationHolder(Holder):
    """Holds back requests for explanations."""

    def __init__(self, target: int) -> None:
        super().__init__(target, b'"contributions"')


@contextlib.contextmanager
def running_proxy(*targets: int) -> Iterator[TcpProxy]:
    """A proxy in front of these ports of this machine."""
    proxy = TcpProxy(targets)
    with serving(proxy):
        yield proxy


@contextlib.contextmanager
def serving(proxy: TcpProxy) -> Iterator[None]:
    """Run a proxy on a thread of its own."""
    started = threading.Event()
    thread = threading.Thread(target=proxy.run, args=(started,))
    thread.start()
    started.wait(10)
    try:
        yield
    finally:
        proxy.stop()
        thread.join(10)
