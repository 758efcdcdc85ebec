"""An answer leaves in one piece: its header waits for the first bytes of its body.

uvicorn writes both by themselves, and a socket that is free sends each at once. One write instead of two spares this
process a system call, and a caller that waits for its answer (the gateway is one of a model server) a second wake-up.
It knows no HTTP but the one interim answer that has no body.
"""

import asyncio
from typing import Any

_INTERIM = b"HTTP/1.1 100 "


class JoinedWrites:
    """A connection's transport; all but writing is handed through. Between two answers nothing is held back."""

    __slots__ = ("_between", "_header", "_transport", "get_extra_info", "get_write_buffer_size", "is_closing",
                 "pause_reading", "resume_reading", "set_write_buffer_limits")  # fmt: skip

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._header = b""
        self._between = True
        # Bound once: what is only handed through costs no second call.
        self.get_extra_info: Any = transport.get_extra_info
        self.get_write_buffer_size = transport.get_write_buffer_size
        self.is_closing = transport.is_closing
        self.pause_reading = transport.pause_reading
        self.resume_reading = transport.resume_reading
        self.set_write_buffer_limits = transport.set_write_buffer_limits

    def write(self, data: bytes) -> None:
        """The first of an answer is its header."""
        if self._header:
            data, self._header = self._header + data, b""
        elif self._between and not data.startswith(_INTERIM):
            self._between = False
            self._header = data
            return
        self._transport.write(data)

    def answered(self) -> None:
        """An answer was written to its end; what comes next is another's header."""
        self._flush()
        self._between = True

    def write_eof(self) -> None:
        """Nothing will follow."""
        self._flush()
        self._transport.write_eof()

    def close(self) -> None:
        """End the connection when everything is sent."""
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        """End it at once."""
        self._transport.abort()

    def _flush(self) -> None:
        if self._header:
            header, self._header = self._header, b""
            self._transport.write(header)
