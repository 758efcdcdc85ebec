"""How much of a server one connection may take: bytes, lines and time, as settings that every HTTP server has.

A limit protects the others. Its default is well above what a conforming client needs and well below what hurts.
"""

from typing import Annotated, NamedTuple

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

Seconds = Annotated[float, Field(ge=0.1, le=86_400.0)]


class ConnectionLimits(NamedTuple):
    """What holds for each connection of one server; times in seconds, sizes in bytes."""

    connections: int = 1000
    header_bytes: int = 16 * 1024
    header_lines: int = 100
    target_bytes: int = 8 * 1024
    chunks: int = 10_000
    ahead: int = 16
    first_byte_seconds: float = 10.0
    header_seconds: float = 10.0
    body_seconds: float = 30.0
    answer_seconds: float = 30.0
    idle_seconds: float = 75.0
    age_seconds: float = 60.0
    held_body_bytes: int = 32 * 1024 * 1024


_DEFAULT = ConnectionLimits()


class ConnectionSettings(BaseSettings):
    """The limits as a process is told them."""

    model_config = SettingsConfigDict(use_attribute_docstrings=True)

    maximum_connections: int = Field(default=_DEFAULT.connections, ge=8, le=100_000)
    """Open HTTP connections, and as many for gRPC. When all are taken, the one that has been silent longest makes room;
    where none is silent the next caller gets 503."""
    maximum_header_bytes: int = Field(default=_DEFAULT.header_bytes, ge=1024, le=1024 * 1024)
    """Names and values of a request's header, or of what follows a chunked body; beyond it 431. For gRPC: metadata;
    beyond four times as much, or eight frames, the connection is cut."""
    maximum_header_lines: int = Field(default=_DEFAULT.header_lines, ge=10, le=10_000)
    """Lines of a header; beyond it 431. For gRPC: fields of metadata; beyond it the connection is cut."""
    maximum_target_bytes: int = Field(default=_DEFAULT.target_bytes, ge=256, le=1024 * 1024)
    """Path and query; beyond it 414. RFC 9110 asks for at least 8,000."""
    maximum_chunks: int = Field(default=_DEFAULT.chunks, ge=100, le=10_000_000)
    """Pieces of a chunked body; each costs as much as a small request's parsing. Beyond it 400."""
    maximum_held_body_bytes: int = Field(default=_DEFAULT.held_body_bytes, ge=1024 * 1024, le=16 * 1024**3)
    """Bodies of all requests together that are being received or answered: sixteen of the largest that the gateway
    takes. Beyond it a body above 64 KiB gets 503; smaller ones are bounded by the number of connections."""
    maximum_requests_ahead: int = Field(default=_DEFAULT.ahead, ge=1, le=1000)
    """Requests that a caller may send on one connection before it has read the answer to the first."""
    maximum_calls_a_connection: int = Field(default=128, ge=1, le=100_000)
    """gRPC calls at once on one connection."""
    first_byte_seconds: Seconds = _DEFAULT.first_byte_seconds
    """Time between a connection's opening and its first request."""
    header_seconds: Seconds = _DEFAULT.header_seconds
    """Time for a request's header, from its first byte; beyond it 408."""
    body_seconds: Seconds = _DEFAULT.body_seconds
    """Time for a request's body; beyond it 408."""
    answer_seconds: Seconds = _DEFAULT.answer_seconds
    """Time for a caller to read an answer, then the connection is cut."""
    idle_seconds: Seconds = _DEFAULT.idle_seconds
    """Time between two requests. Longer than any caller keeps an idle connection, so that the caller closes first and
    never meets a closed one."""
    connection_seconds: float = Field(default=_DEFAULT.age_seconds, ge=1.0, le=86_400.0)
    """After this time, give or take a tenth, a caller is asked to open a new connection, so that callers spread over
    servers that were added since; for HTTP and gRPC."""

    @property
    def grpc_limits(self) -> tuple[int, int, int, float, float, float]:
        """Of a gRPC server: connections, calls a connection, bytes of metadata, seconds to the first byte, idle and of
        age."""
        return (
            self.maximum_connections,
            self.maximum_calls_a_connection,
            self.maximum_header_bytes,
            self.first_byte_seconds,
            self.idle_seconds,
            self.connection_seconds,
        )

    @property
    def connection_limits(self) -> ConnectionLimits:
        """The same for the server itself."""
        return ConnectionLimits(
            self.maximum_connections,
            self.maximum_header_bytes,
            self.maximum_header_lines,
            self.maximum_target_bytes,
            self.maximum_chunks,
            self.maximum_requests_ahead,
            self.first_byte_seconds,
            self.header_seconds,
            self.body_seconds,
            self.answer_seconds,
            self.idle_seconds,
            self.connection_seconds,
            self.maximum_held_body_bytes,
        )
