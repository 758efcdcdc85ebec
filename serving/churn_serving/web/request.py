"""What may be wrong with an HTTP request before its body is looked at, for every server of this project.

One reading of methods, media types and codings, so that gateway and model servers understand the same callers. It knows
no protocol: who answers says how these refusals look.
"""

from collections.abc import Iterable, Sequence

from churn_serving.web.body import Scope

JSON = b"application/json"
OCTETS = b"application/octet-stream"
Headers = Iterable[tuple[bytes, bytes]]


class WrongRequest(Exception):
    """The request is wrong before its body is read; ``headers`` go with the answer, ``str`` is fit for the caller."""

    headers: tuple[tuple[bytes, bytes], ...] = ()


class UnknownPath(WrongRequest):
    """There is no such path."""


class MethodNotAllowed(WrongRequest):
    """The path exists, not for this method; ``allowed`` are those it takes."""

    def __init__(self, *allowed: str) -> None:
        self.allowed = allowed
        self.headers = ((b"allow", ", ".join(allowed).encode()),)
        super().__init__(f"only {' and '.join(allowed)} is answered here")


class UnsupportedMediaType(WrongRequest):
    """The body is not in a form that is read here, or is coded (compressed)."""

    def __init__(self, message: str, accepted: Sequence[bytes] = (JSON,)) -> None:
        self.headers = ((b"accept-post", b", ".join(accepted)),)
        super().__init__(message)


def require_method(scope: Scope, *allowed: str) -> None:
    """Return if the request's method is one of those.

    Raises:
        MethodNotAllowed: it is not.
    """
    if scope["method"] not in allowed:
        raise MethodNotAllowed(*allowed)


def require_media_type(headers: Headers, accepted: Sequence[bytes], *, may_be_absent: bool = False) -> None:
    """Return if the body is declared as one of the accepted media types, and is not coded.

    Raises:
        UnsupportedMediaType: it is not.
    """
    declared = None
    for name, value in headers:
        if name == b"content-type":
            declared = value
        elif name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            raise UnsupportedMediaType("content-encoding is not supported; send the body as it is", accepted)
    if declared in accepted or (declared is None and may_be_absent):
        return
    if declared is None or declared.split(b";")[0].strip().lower() not in accepted:
        expected = " or ".join(kind.decode() for kind in accepted)
        raise UnsupportedMediaType(f"content-type must be {expected}", accepted)
