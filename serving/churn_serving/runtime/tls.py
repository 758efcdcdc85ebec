"""Certificates between processes of one installation: what a server shows, and whom a client believes.

Both are files that somebody else renews, so both are read again when they change; connections that are open stay as
they are, and end in time by themselves. A file that cannot be used any more changes nothing: whoever renews a
certificate writes two files one after the other. It must not know who serves what.
"""

import logging
import ssl
from collections.abc import Callable
from pathlib import Path

from churn_serving.runtime.files import LOOK_SECONDS, WatchedFile

_logger = logging.getLogger(__name__)


class TlsFileError(Exception):
    """A certificate, its key or an authority cannot be used; one line that names the file."""


class _Renewed:
    """A context that is made again whenever one of its files is another."""

    def __init__(self, what: str, make: Callable[[], ssl.SSLContext], *paths: Path) -> None:
        self._what = what
        self._make = make
        self._files = WatchedFile(*paths)
        self._present = make()

    async def watch(self, seconds: float = LOOK_SECONDS) -> None:
        """Follow the files until cancelled."""
        async for _ in self._files.changes(self._read, seconds):
            pass

    def _read(self) -> None:
        try:
            self._present = self._make()
        except TlsFileError as error:
            _logger.error("%s not read again, the former stays: %s", self._what, error)  # noqa: TRY400 - one line
        else:
            _logger.info("%s read again", self._what)


class ServerCertificate(_Renewed):
    """What a server shows to whoever connects.

    Raises:
        TlsFileError: it cannot be used at the start.
    """

    def __init__(self, certificate: Path, key: Path) -> None:
        super().__init__("certificate", lambda: _server_context(certificate, key), certificate, key)
        self.context = _server_context(certificate, key)
        """For the server's port: each connection gets the certificate of that moment."""
        self.context.sni_callback = self._choose

    def _choose(self, connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:  # noqa: ARG002
        connection.context = self._present


class Authorities(_Renewed):
    """Whom a client believes that a server is who its name says.

    Raises:
        TlsFileError: the file cannot be used at the start.
    """

    def __init__(self, path: Path) -> None:
        super().__init__("authorities of certificates", lambda: _client_context(path), path)

    @property
    def context(self) -> ssl.SSLContext:
        """For the next connection: the name is checked, too."""
        return self._present


def _server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    for path in (certificate, key):
        _require_readable(path)
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except ssl.SSLError as error:
        raise TlsFileError(f"{certificate}, {key}: {_reason(error)}") from error
    except (OSError, ValueError) as error:
        raise TlsFileError(f"{key}: {error}") from error
    return context


def _client_context(path: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    _require_readable(path)
    try:
        context.load_verify_locations(path)
    except OSError as error:
        raise TlsFileError(f"{path}: holds no certificate in PEM") from error
    return context


def _require_readable(path: Path) -> None:
    """The library's own words for a missing file do not say which."""
    try:
        path.read_bytes()
    except OSError as error:
        raise TlsFileError(f"{path}: {error.strerror}") from error


def _no_password() -> str:
    """Instead of asking at a terminal."""
    raise ValueError("the key is locked by a password; give one that is not")


def _reason(error: ssl.SSLError) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return "the key is another certificate's"
    return "is not a certificate, the authorities' between if there are any, and its key in PEM"
