"""Clients of one test process share what they trust: each new one, so each `httpx.get`, reads a bundle of authorities
from disk first, 20 ms of a processor, and a test that waits for a process asks ten times a second.

It must not know who asks, or whom.
"""

import os
import ssl
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

# Variables that say which authorities are trusted: one that sets another gets another context.
_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(scope="session", autouse=True)
def authorities_read_once() -> Iterator[None]:
    """What httpx trusts by default is read once; a client that brings its own keeps its own."""
    read = httpx.create_ssl_context
    known: dict[tuple[str | None, ...], ssl.SSLContext] = {}

    def shared(verify: Any = True, cert: Any = None, trust_env: bool = True) -> ssl.SSLContext:
        if verify is not True or cert is not None or not trust_env:
            return read(verify, cert, trust_env)
        asked = tuple(os.environ.get(name) for name in _VARIABLES)
        if asked not in known:
            known[asked] = read()
        return known[asked]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("httpx._transports.default.create_ssl_context", shared)
        yield
