"""Single requests to a server under test: is it ready, does it answer what it should?"""

from __future__ import annotations

import http.client
import json
import math
import urllib.parse
from collections.abc import Iterator
from typing import Any

TIMEOUT_SECONDS = 10.0


def ask(url: str, body: bytes | None = None) -> tuple[int, bytes]:
    """Status and body of one GET, or POST if there is a body; status 0 when nobody answers."""
    target = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=TIMEOUT_SECONDS)
    try:
        headers = {"Content-Type": "application/json", "Connection": "close"}
        connection.request("GET" if body is None else "POST", target.path or "/", body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()


def is_ok(url: str, body: bytes | None = None) -> bool:
    """Whether it answers 200."""
    return ask(url, body)[0] == http.client.OK


def answers_probability(content: bytes, expected: float) -> bool:
    """Whether a number in the answer is the expected probability."""
    return any(math.isclose(number, expected, abs_tol=1e-9) for number in numbers(json.loads(content)))


def numbers(document: Any) -> Iterator[float]:
    """Every number of a JSON document."""
    if isinstance(document, dict):
        document = list(document.values())
    if isinstance(document, list):
        for value in document:
            yield from numbers(value)
    elif isinstance(document, float):
        yield document
