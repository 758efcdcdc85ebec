"""HTTP connections that end in time, so that callers who keep theirs for ever reach servers that were added since.

gRPC has the same by an option; uvicorn counts requests of a whole process at most. With ``web.server``, the only module
that knows uvicorn.
"""

import asyncio
import functools
import random
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_JITTER = 0.1


class _AgeingProtocol(HttpToolsProtocol):
    """Closes with an answer that says so, never between answers: no request can meet a closed connection."""

    def __init__(self, *arguments: Any, seconds: float, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # A tenth more or less, so that callers who came together do not come back together.
        self._until = self.loop.time() + seconds * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311

    def on_headers_complete(self) -> None:
        """The parser's call before a request is handed on."""
        super().on_headers_complete()
        if self.loop.time() >= self._until:
            self.cycle.keep_alive = False


def protocol_of_age(seconds: float) -> Callable[..., asyncio.Protocol]:
    """What uvicorn makes a protocol of; each connection is asked to end after ``seconds``, give or take a tenth."""
    return functools.partial(_AgeingProtocol, seconds=seconds)
