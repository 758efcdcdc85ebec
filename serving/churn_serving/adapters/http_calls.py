"""One HTTP exchange with a server that need not be well: the only module that knows aiohttp.

aiohttp rather than httpx, because this call is on the hot path and costs a tenth there. Every failure of the library
becomes one of the core's backend errors, so none of its names is known elsewhere. It must not know what is asked for.
"""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import NamedTuple

import aiohttp

from churn_serving.adapters.renewal import Renewal
from churn_serving.core.errors import BackendBadAnswer, BackendFailed, BackendTimeout, BackendUnreachable
from churn_serving.runtime.tls import Authorities

Session = aiohttp.ClientSession
_MAXIMUM_CONNECTIONS = 64
# An answer of ours has a dozen header lines of less than 100 bytes.
_MAXIMUM_HEADERS = 64
_MAXIMUM_HEADER_BYTES = 8 * 1024
_JSON = {"Content-Type": "application/json"}
_LAST_CALL = {"Connection": "close"}
_ELSEWHERE = frozenset(range(300, 400)) - {HTTPStatus.NOT_MODIFIED}


class Reply(NamedTuple):
    """What a server answered, whatever it means."""

    status: int
    content: bytes


def open_session() -> Session:
    """Connections that stay open between calls; must be called inside the event loop that uses them."""
    connector = aiohttp.TCPConnector(limit=_MAXIMUM_CONNECTIONS, keepalive_timeout=30.0, ttl_dns_cache=10)
    return aiohttp.ClientSession(
        connector=connector,
        headers=_JSON,
        auto_decompress=False,  # a compressed answer was not asked for, and could be of any size
        cookie_jar=aiohttp.DummyCookieJar(),
        max_line_size=_MAXIMUM_HEADER_BYTES,
        max_field_size=_MAXIMUM_HEADER_BYTES,
        max_headers=_MAXIMUM_HEADERS,
    )


class HttpCalls:
    """Calls to one server; ``clock`` in seconds. ``authorities`` is whom an address https:// is believed by."""

    def __init__(
        self, session: Session, clock: Callable[[], float] = time.monotonic, authorities: Authorities | None = None
    ) -> None:
        self._session = session
        self._authorities = authorities
        self._renewal = Renewal(clock)
        self._timeouts: dict[float, aiohttp.ClientTimeout] = {}

    async def ask(
        self, method: str, url: str, body: bytes | None, headers: dict[str, str] | None, seconds: float, limit: int
    ) -> Reply:
        """Ask once and read an answer of at most ``limit`` bytes within ``seconds``.

        Raises:
            BackendUnreachable: no connection, or it broke, or its certificate is not believed.
            BackendTimeout: no whole answer in time.
            BackendBadAnswer: the answer is longer.
            BackendFailed: it is not HTTP, or sends its caller elsewhere. Where customers go is for settings to say.
        """
        if self._renewal.due():
            headers = {**headers, **_LAST_CALL} if headers else _LAST_CALL
        # The context of this moment: another one makes a connection of its own, whatever is open still.
        tls = True if self._authorities is None else self._authorities.context
        try:
            async with self._session.request(
                method, url, data=body, headers=headers, timeout=self._timeout(seconds), allow_redirects=False, ssl=tls
            ) as response:
                reply = Reply(response.status, await _content(response, limit))
        except aiohttp.ClientConnectorCertificateError as error:
            raise BackendUnreachable(f"its certificate is refused ({_verdict(error)})") from error
        except aiohttp.ClientSSLError as error:
            raise BackendUnreachable("it does not speak the TLS that is asked for") from error
        except aiohttp.ConnectionTimeoutError as error:  # nothing was sent, so asking again is safe
            raise BackendUnreachable(type(error).__name__) from error
        except TimeoutError as error:  # aiohttp has closed the connection, so that no later call waits on it
            raise BackendTimeout(f"no answer within {seconds:g} s") from error
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, OSError) as error:
            raise BackendUnreachable(type(error).__name__) from error
        except aiohttp.ClientError as error:
            raise BackendFailed(type(error).__name__) from error
        if reply.status in _ELSEWHERE:
            raise BackendFailed(f"it answered {reply.status}, and nobody follows")
        return reply

    def _timeout(self, seconds: float) -> aiohttp.ClientTimeout:
        timeout = self._timeouts.get(seconds)
        if timeout is None:
            # Where nobody answers a knock, another server behind the same address may: half the time is left for it.
            timeout = self._timeouts[seconds] = aiohttp.ClientTimeout(total=seconds, sock_connect=seconds / 2)
        return timeout


def _verdict(error: aiohttp.ClientConnectorCertificateError) -> str:
    """What is wrong with a certificate, in the library's words."""
    return getattr(error.certificate_error, "verify_message", "") or type(error.certificate_error).__name__


async def _content(response: aiohttp.ClientResponse, limit: int) -> bytes:
    length = response.content_length
    if length is not None and length <= limit:  # aiohttp reads no more than what was declared
        return await response.read()
    chunks: list[bytes] = []
    size = length or 0
    while size <= limit:
        chunk = await response.content.readany()
        if not chunk:
            return b"".join(chunks)
        size += len(chunk)
        chunks.append(chunk)
    response.close()
    raise BackendBadAnswer(f"the answer is longer than {limit} bytes")
