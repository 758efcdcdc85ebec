"""Addresses of git servers, before anybody is asked there: whether one is meant at all, and how it is shown.

It must not know git.
"""

import re
from urllib.parse import urlsplit, urlunsplit

from churn_delivery.errors import TreeNotReady

MUST_BE = "must be http(s), ssh or the path of a repository (git remote set-url)"
_SCHEMES = ("http", "https", "ssh", "git+ssh", "git", "file")


def require_address(url: str) -> None:
    """That it is one. The library takes what it cannot read for a host that is asked over SSH, and an empty one for the
    folder it is in.

    Raises:
        TreeNotReady: it is none.
    """
    try:
        parts = urlsplit(url)
        named = parts.scheme in _SCHEMES and (parts.scheme == "file" or parts.hostname) and parts.port != 0
        usable = bool(url.strip()) and ("://" not in url or (named and not re.search(r"\s", url)))
    except ValueError:
        usable = False
    if not usable:
        raise TreeNotReady(f"{plain(url) or 'an empty address'}: {MUST_BE}")


def plain(url: str) -> str:
    """An address without who asks."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return f"{url.partition('://')[0]}://…"
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if parts.scheme else url
