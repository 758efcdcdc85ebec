"""A port whose callers meet a relay, and the address that the server behind it listens on.

It knows neither that server nor what is spoken; whoever owns both opens the port when the server listens.
"""

from collections.abc import Callable

from churn_serving.web.hidden_socket import HiddenSocket
from churn_serving.web.limits import ConnectionLimits
from churn_serving.web.relay import Relay
from churn_serving.web.server import bind


class RelayedPort:
    """Taken from the start, open from ``open`` to ``close_port``; ``refused`` is told why a connection was ended.

    Raises:
        OSError: the port is taken.
    """

    def __init__(self, host: str, port: int, limits: ConnectionLimits, refused: Callable[[str], None]) -> None:
        self._listener = bind(host, port)
        self._hidden = HiddenSocket()
        self._limits = limits
        self._refused = refused
        self._relay: Relay | None = None

    @property
    def path(self) -> str:
        """Of the socket that the server listens on."""
        return self._hidden.path

    def open(self) -> None:
        """Let callers in: the server listens."""
        self._hidden.hide()
        self._relay = Relay(self._listener, self._hidden.path, self._limits, self._refused)

    def cut(self) -> None:
        """End every connection, with whatever the server holds for it."""
        if self._relay is not None:
            self._relay.cut()

    def close_port(self) -> None:
        """Take no new connections."""
        if self._relay is not None:
            self._relay.close_port()

    def close(self) -> None:
        """Remove the server's address, when that has stopped."""
        self._hidden.close()
