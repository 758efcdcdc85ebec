"""What a Python HTTP server can do at all: answers that cost nothing, as a ceiling to every other figure.

`bare` speaks ASGI by hand; `starlette_app` adds routing and request objects. Neither knows a model.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

ANSWER = b'{"churn_probability":0.5}'
HEAD: Message = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())],
}
BODY: Message = {"type": "http.response.body", "body": ANSWER}


async def bare(scope: Message, receive: Receive, send: Send) -> None:
    """Read the whole request, then answer a constant."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    while (await receive()).get("more_body"):
        pass
    await send(HEAD)
    await send(BODY)


async def lifespan(receive: Receive, send: Send) -> None:
    """Agree to start and to stop."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def constant(request: Request) -> Response:
    """Read the whole request, then answer a constant."""
    await request.body()
    return Response(ANSWER, media_type="application/json")


starlette_app = Starlette(routes=[Route("/predict", constant, methods=["POST"]), Route("/ready", constant)])
