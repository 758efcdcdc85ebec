"""What the environment says about the git server: who we are there. Read once.

A password is named by its file, never given itself, so that neither a process list nor a manifest shows it.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from churn_delivery.errors import CredentialsRefused

USERNAME = "CHURN_GIT_USERNAME"
PASSWORD_FILE = "CHURN_GIT_PASSWORD_FILE"  # noqa: S105 - a variable's name


@dataclass(frozen=True)
class Credentials:
    """`username` and `password` (or access token) at the git server; None: what the address itself says."""

    username: str | None = None
    password: str | None = field(default=None, repr=False)


def credentials_from(environment: Mapping[str, str] = os.environ) -> Credentials:
    """CHURN_GIT_USERNAME and the first line of the file CHURN_GIT_PASSWORD_FILE.

    Raises:
        CredentialsRefused: the file cannot be read or is empty.
    """
    username, file = environment.get(USERNAME) or None, environment.get(PASSWORD_FILE)
    if not file:
        return Credentials(username)
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CredentialsRefused(f"{PASSWORD_FILE}: {file} cannot be read ({_reason(error)})") from error
    if not lines or not lines[0].strip():
        raise CredentialsRefused(f"{PASSWORD_FILE}: {file} is empty")
    return Credentials(username, lines[0].strip())


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or "not UTF-8 text"
