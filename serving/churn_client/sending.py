"""What both clients say to httpx, and how they read what comes back: within bounds of bytes, without a redirect, and
with no library's words about a request in any error.

The adapter of httpx, with ``client`` and ``async_client``.
"""

import ssl
from collections.abc import Mapping
from importlib import metadata

import httpx

from churn_client.exchange import Lost, Reply, Send
from churn_client.settings import Settings

MOST_ANSWER_BYTES = 64 * 1024 * 1024
"""An answer with ten thousand customers and their reasons is far below."""
_CONNECT_SECONDS = 2.0
_REASONS: Mapping[type[httpx.HTTPError], str] = {
    httpx.ConnectTimeout: "no connection in time", httpx.ConnectError: "no connection",
    httpx.TimeoutException: "no answer in time", httpx.RemoteProtocolError: "the connection was cut",
    httpx.ReadError: "the connection was cut", httpx.WriteError: "the connection was cut",
}  # fmt: skip


def options(settings: Settings) -> dict[str, object]:
    """Of both kinds of ``httpx`` clients."""
    headers = {
        "accept": "application/json, application/problem+json",
        "accept-encoding": "identity",
        "content-type": "application/json",
        "user-agent": f"churn-client/{metadata.version('churn-serving')}",
    }
    if settings.api_key:
        headers["authorization"] = f"Bearer {settings.api_key}"
    chosen: dict[str, object] = {"base_url": settings.url, "headers": headers, "follow_redirects": False}
    if settings.url.startswith("http:"):
        # Reading all trusted authorities takes ten times as long as all else; this one trusts nobody, and is not asked.
        chosen["verify"] = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return chosen


def request_of(send: Send) -> dict[str, object]:
    """One request to ``stream``."""
    timeout = httpx.Timeout(send.seconds, connect=min(send.seconds, _CONNECT_SECONDS))
    headers = {"x-request-id": send.request_id}
    return {"method": send.method, "url": send.path, "content": send.body, "headers": headers, "timeout": timeout}


def reply_of(response: httpx.Response, body: bytes) -> Reply:
    """An answer whose body was read."""
    return Reply(response.status_code, {name.lower(): value for name, value in response.headers.items()}, body)


def lost(error: httpx.HTTPError) -> Lost:
    """Why no answer came, in words that hold nothing of the request."""
    return Lost(next((_REASONS[kind] for kind in type(error).__mro__ if kind in _REASONS), "no answer"))


def grown(body: bytearray, chunk: bytes) -> bool:
    """Add a part of an answer; of one that is larger than any of a gateway nothing is kept, and False told."""
    if len(body) + len(chunk) > MOST_ANSWER_BYTES:
        body.clear()
        return False
    body += chunk
    return True
