"""Where the gateway is and how long it may take, read once; a bad setting is named at the start.

It must not know how requests are made.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from churn_client.errors import InvalidSettings

URL, API_KEY, API_KEY_FILE = "CHURN_URL", "CHURN_API_KEY", "CHURN_API_KEY_FILE"
DEADLINE, ATTEMPT = "CHURN_DEADLINE_SECONDS", "CHURN_ATTEMPT_SECONDS"
MOST_CUSTOMERS, MOST_BYTES, MOST_EXPLAINED = 10_000, 2 * 1024 * 1024, 32
"""What one request to the gateway may hold at most."""
_LONGEST_KEY = 4096


@dataclass(frozen=True)
class Settings:
    """All that a client is told.

    Raises:
        InvalidSettings: one makes no sense; the text names it.
    """

    url: str
    """Of the gateway: http or https, a path before its own or none."""
    api_key: str = field(default="", repr=False)
    """Sent as ``Authorization: Bearer``; empty where the gateway asks for none."""
    deadline_seconds: float = 10.0
    """For one request with all its retries and waits."""
    attempt_seconds: float = 5.0
    """For one attempt of it."""
    attempts: int = 8
    """Of one request at most, the first among them."""
    batch_customers: int = 1000
    """Customers of one request of a long list."""
    batch_bytes: int = 1024 * 1024
    """Bytes of one request of a long list."""
    concurrency: int = 4
    """Requests of a long list that are under way at a time, where a client is asynchronous."""

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidSettings(f"{URL}: expected http://host:port or https://host")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise InvalidSettings(f"{URL}: no user, password, query or fragment; a key goes into {API_KEY}")
        if len(self.api_key) > _LONGEST_KEY or not self.api_key.isascii() or not self.api_key.isprintable():
            raise InvalidSettings(f"{API_KEY}: expected one line of printable ASCII")
        for name, value, most in (
            (DEADLINE, self.deadline_seconds, 3600.0),
            (ATTEMPT, self.attempt_seconds, 3600.0),
            ("attempts", self.attempts, 100),
            ("batch_customers", self.batch_customers, MOST_CUSTOMERS),
            ("batch_bytes", self.batch_bytes, MOST_BYTES),
            ("concurrency", self.concurrency, 64),
        ):
            if not 0 < value <= most:
                raise InvalidSettings(f"{name}: expected more than 0 and at most {most:g}")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """``CHURN_URL``, and where they are set ``CHURN_API_KEY`` or ``CHURN_API_KEY_FILE``, ``CHURN_DEADLINE_SECONDS``
        and ``CHURN_ATTEMPT_SECONDS``.

        Raises:
            InvalidSettings: the address is missing, or another makes no sense.
        """
        given = os.environ if environment is None else environment
        if not given.get(URL):
            raise InvalidSettings(f"{URL} is not set: the gateway's address, for instance http://127.0.0.1:8080")
        usual = cls(given[URL])
        return cls(
            given[URL],
            _key(given),
            _seconds(given, DEADLINE, usual.deadline_seconds),
            _seconds(given, ATTEMPT, usual.attempt_seconds),
        )


def _key(given: Mapping[str, str]) -> str:
    key, file = given.get(API_KEY, ""), given.get(API_KEY_FILE, "")
    if key and file:
        raise InvalidSettings(f"{API_KEY} and {API_KEY_FILE} are both set: unset one")
    if not file:
        return key
    try:
        return Path(file).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        raise InvalidSettings(f"{API_KEY_FILE}: the file cannot be read") from None


def _seconds(given: Mapping[str, str], name: str, usual: float) -> float:
    text = given.get(name, "")
    try:
        return float(text) if text else usual
    except ValueError:
        raise InvalidSettings(f"{name}: expected a number of seconds") from None
