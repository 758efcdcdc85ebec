"""Who is calling: the API key out of a request's headers or metadata, checked before anything else of the request.

What is open to everybody is said in ``access``.

A request has one key. Two that differ, or one header twice, are refused whatever they hold (RFC 6750, 3.1): a proxy in
front that looks at the other one would let pass whom it does not know. The same key in both headers is one key.
"""

from collections.abc import Callable, Iterable

from churn_serving.gateway.key_ring import KeyRing, UnknownKey
from churn_serving.web.request import WrongRequest

_BEARER = b"bearer "
_MISSING, _AMBIGUOUS = "missing", "ambiguous"
# OpenAPI's names of the two ways to present a key.
SECURITY_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key of this gateway."},
    "api_key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same key."},
}
SECURITY: list[dict[str, list[str]]] = [{name: []} for name in SECURITY_SCHEMES]


class Unauthenticated(WrongRequest):
    """No key, or none that may call; the answer does not say which."""

    headers = ((b"www-authenticate", b"Bearer"),)


class AmbiguousKey(Unauthenticated):
    """More than one key; over gRPC it is refused as none."""

    headers = ((b"www-authenticate", b'Bearer error="invalid_request"'),)


class Authentication:
    """``ring`` is None where everybody may call; ``refused`` is told why a caller was turned away."""

    def __init__(self, ring: KeyRing | None, refused: Callable[[str], None]) -> None:
        self._ring = ring
        self._refused = refused

    @property
    def required(self) -> bool:
        """Whether callers need a key."""
        return self._ring is not None

    def caller(self, headers: Iterable[tuple[bytes, bytes]]) -> str:
        """The id of the caller's key; empty where none is asked for. Names of headers are in lower case.

        Raises:
            AmbiguousKey: it presents two keys.
            Unauthenticated: it may not call.
        """
        if self._ring is None:
            return ""
        try:
            key = presented_key(headers)
        except AmbiguousKey:
            self._refused(_AMBIGUOUS)
            raise
        if key is None:
            self._refused(_MISSING)
            raise Unauthenticated
        try:
            return self._ring.caller(key)
        except UnknownKey as error:
            self._refused(error.reason)
            raise Unauthenticated from None

    def recognises(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Whether a caller of something open may see what is for callers with a key; nobody is refused."""
        if self._ring is None:
            return True
        try:
            key = presented_key(headers)
            return key is not None and bool(self._ring.caller(key))
        except (AmbiguousKey, UnknownKey):
            return False


def presented_key(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """The key of ``Authorization: Bearer`` or of ``X-API-Key``; None if there is neither.

    Raises:
        AmbiguousKey: one of these headers comes twice, or the two hold different keys.
    """
    authorization: bytes | None = None
    key: bytes | None = None
    for name, value in headers:
        if name == b"authorization":
            if authorization is not None:
                raise AmbiguousKey
            authorization = value
        elif name == b"x-api-key":
            if key is not None:
                raise AmbiguousKey
            key = value.strip()
    if authorization is None or authorization[: len(_BEARER)].lower() != _BEARER:
        return key
    bearer = authorization[len(_BEARER) :].strip()
    if key not in (None, bearer):
        raise AmbiguousKey
    return bearer
