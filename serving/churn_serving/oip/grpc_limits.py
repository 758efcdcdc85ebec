"""What one caller of a gRPC server may take, as options of the library, and the spelling of an address.

The library has no clock for a single message: each server waits for it in its own way. A connection is told to end
after its time and is cut off a little later.
"""

from typing import NamedTuple

from churn_serving.oip.messages import MAX_REQUEST_BYTES

_GRACE_MILLISECONDS = 10_000
# Clients commonly ask every 30 s whether the connection lives; who asks more than three times as often is told to go.
_SHORTEST_PING_MILLISECONDS = 10_000
_PING_STRIKES = 2
# And we ask them: a machine that has gone leaves connections behind that nobody closes.
_KEEPALIVE_MILLISECONDS = 30_000
_KEEPALIVE_TIMEOUT_MILLISECONDS = 10_000


class GrpcLimits(NamedTuple):
    """Numbers of one server; times in seconds, sizes in bytes."""

    connections: int
    calls_a_connection: int
    metadata_bytes: int
    first_byte_seconds: float
    idle_seconds: float
    age_seconds: float
    message_bytes: int = MAX_REQUEST_BYTES

    @property
    def options(self) -> list[tuple[str, int]]:
        """The same as the library wants it."""
        return [
            ("grpc.so_reuseport", 0),  # two servers on one port must fail, not share it
            ("grpc.max_receive_message_length", self.message_bytes),
            ("grpc.max_send_message_length", MAX_REQUEST_BYTES),
            ("grpc.max_allowed_incoming_connections", self.connections),
            ("grpc.max_concurrent_streams", self.calls_a_connection),
            ("grpc.max_metadata_size", self.metadata_bytes),
            ("grpc.absolute_max_metadata_size", self.metadata_bytes),
            ("grpc.server_handshake_timeout_ms", int(self.first_byte_seconds * 1000)),
            ("grpc.max_connection_idle_ms", int(self.idle_seconds * 1000)),
            ("grpc.max_connection_age_ms", int(self.age_seconds * 1000)),
            ("grpc.max_connection_age_grace_ms", _GRACE_MILLISECONDS),
            ("grpc.http2.min_ping_interval_without_data_ms", _SHORTEST_PING_MILLISECONDS),
            ("grpc.http2.max_ping_strikes", _PING_STRIKES),
            ("grpc.keepalive_time_ms", _KEEPALIVE_MILLISECONDS),
            ("grpc.keepalive_timeout_ms", _KEEPALIVE_TIMEOUT_MILLISECONDS),
        ]


def grpc_address(host: str, port: int) -> str:
    """Host and port as gRPC reads them: an IPv6 address stands in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
