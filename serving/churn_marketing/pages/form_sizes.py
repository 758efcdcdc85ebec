"""How much a page takes: forms are small, and what is larger is allowed by name. It must not know what is in them."""

from collections.abc import Callable

from flask import Flask, request
from werkzeug.test import create_environ

from churn_marketing.pages.guard import known_person
from churn_marketing.receiving import FORM_BYTES

LARGEST_FORM = FORM_BYTES
"""Bytes of every other form."""
_LARGER = {"results.upload": 64 * 1024 * 1024, "wishes.change": 4 * 1024 * 1024}
"""By endpoint: a file of outcomes of a few million customers; ids of a hundred thousand."""


def allow_larger() -> None:
    """Let the present request be as large as its page takes, which is asked for of those who have signed in alone."""
    size = _LARGER.get(request.endpoint or "")
    if size is not None:
        request.max_content_length = size
        request.max_form_memory_size = size


def allowance_of(app: Flask) -> Callable[[str, str, str], int]:
    """What the app allows, asked before a body is received: method, path and cookies say how many bytes of it are
    worth keeping, more than those of a form only where a page takes more and for those who have signed in."""

    def allowance(method: str, path: str, cookies: str) -> int:
        environ = create_environ(method=method)
        with app.request_context(environ | {"PATH_INFO": path, "HTTP_COOKIE": cookies}):
            size = _LARGER.get(request.endpoint or "")
            return LARGEST_FORM if size is None or known_person() is None else size

    return allowance


def too_large() -> str:
    """What somebody is told who has sent more."""
    size = request.max_content_length or LARGEST_FORM
    most = f"{size >> 20} MB" if size >= 1 << 20 else f"{size >> 10} kB"
    return f"This is more than the page takes at once, which is {most}. Nothing was done: send it in parts."
