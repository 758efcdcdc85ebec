"""What the library of git says went wrong, as our errors; it must not know what was asked for."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from dulwich.client import HTTPProxyUnauthorized, HTTPUnauthorized
from dulwich.errors import (
    ApplyDeltaError,
    ChecksumMismatch,
    FileFormatException,
    GitProtocolError,
    HangupException,
    NotGitRepository,
)
from urllib3.exceptions import HTTPError

from churn_delivery.errors import CredentialsRefused, DeliveryError, GitServerAway, TreeNotReady
from churn_delivery.settings import PASSWORD_FILE, USERNAME

_NO_ANSWER = (
    *(GitProtocolError, HangupException, OSError),
    # What is read of an answer that is none of a git server's, or arrived broken.
    *(HTTPError, ValueError, LookupError, zlib.error, FileFormatException, ChecksumMismatch, ApplyDeltaError),
)
_AGAIN = "nothing was changed here or there; run the command again"
_WRITES = "403"


@contextmanager
def translated(address: str) -> Iterator[None]:
    """The library's errors as ours; `address` as it is shown."""
    try:
        yield
    except DeliveryError:
        raise
    except HTTPProxyUnauthorized:
        raise CredentialsRefused(
            f"{address}: a proxy on the way to it asks who we are; put user and password into HTTPS_PROXY, or the "
            "server into NO_PROXY"
        ) from None
    except HTTPUnauthorized:
        raise CredentialsRefused(f"{address}: does not know this user; set {USERNAME} and {PASSWORD_FILE}") from None
    except NotGitRepository:
        raise TreeNotReady(f"{address}: there is no repository, or none that this user may see") from None
    except _NO_ANSWER as error:
        if f"http resp {_WRITES}" in str(error):
            raise CredentialsRefused(f"{address}: this user may not write there ({USERNAME})") from None
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise GitServerAway(f"{address}: does not answer ({reason}); {_AGAIN}") from error
