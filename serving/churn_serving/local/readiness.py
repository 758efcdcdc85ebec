"""Questions asked over the network before and while services start: is a port free, is a service ready.

Answers only; it starts nothing and decides nothing.
"""

import http.client
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from churn_serving.local.errors import SettingError
from churn_serving.local.services import PortUse

LOOPBACK = "127.0.0.1"
# A service that accepts but does not answer must not hold up the watch over the others for long.
PROBE_SECONDS = 0.5


def check_ports(uses: Iterable[PortUse]) -> None:
    """Make sure that every port can be used.

    Raises:
        SettingError: names the first port that is taken, with its flag and environment variable.
    """
    seen: dict[int, PortUse] = {}
    for use in uses:
        choice = f"choose another with {use.flag} or {use.variable}"
        if use.number in seen:
            raise SettingError(
                f"port {use.number} is meant for {seen[use.number].purpose} and for {use.purpose}: {choice}"
            )
        seen[use.number] = use
        if not is_free(use.number):
            raise SettingError(f"port {use.number} for {use.purpose} is in use: {choice}")


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback address now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: connections of an earlier server that linger are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def is_ready(url: str) -> bool:
    """Whether a GET of the address answers 200."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or LOOPBACK, parts.port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
