"""Local users: a file of names, roles and Argon2 hashes, for one machine or a few people.

The file is read again when it changes, so that whoever is taken out of it is out at once.
"""

import contextlib
import hashlib
import os
import secrets
import threading
from pathlib import Path
from typing import Literal

import argon2
import msgspec

from churn_marketing.errors import SettingError

Role = Literal["viewer", "planner"]
ROLES: tuple[Role, ...] = ("viewer", "planner")
MINIMUM_PASSWORD = 12
MAXIMUM_PASSWORD = 256
"""Letters; Argon2 would take any number, and a caller's patience is not the limit."""
_FIRST = "planner"


class User(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who may sign in here; ``password`` is an Argon2 hash."""

    name: str
    role: Role
    password: str

    @property
    def credential(self) -> str:
        """Names the password without telling it: another one, and even the same given anew, has another name."""
        return hashlib.sha256(self.password.encode()).hexdigest()


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    users: tuple[User, ...] = ()


class Users:
    """The users of a file; safe to use from many threads."""

    def __init__(self, path: Path) -> None:
        """Read it.

        Raises:
            SettingError: it cannot be read, or is not such a file.
        """
        self._path = path
        self._hasher = argon2.PasswordHasher()
        # A hash takes 64 MiB and a processor on purpose: two at once are enough for people and too few to do harm.
        self._gate = threading.BoundedSemaphore(2)
        # Whoever guesses names waits as long for one that there is not.
        self._nobody = self._hasher.hash(secrets.token_urlsafe())
        self._version: tuple[int, int] | None = None
        self._users: dict[str, User] = {}
        self._read()

    def find(self, name: str) -> User | None:
        """The user of a name, as the file says it now; as it last could be read, if it cannot."""
        with contextlib.suppress(SettingError):
            self._read()
        return self._users.get(name)

    def check(self, name: str, password: str) -> User | None:
        """The user, if the password is theirs."""
        user = self.find(name)
        with self._gate:
            try:
                self._hasher.verify(user.password if user else self._nobody, password[:MAXIMUM_PASSWORD])
            except argon2.exceptions.Argon2Error:
                return None
        return user

    def _read(self) -> None:
        try:
            found = self._path.stat()
            version = (found.st_mtime_ns, found.st_size)
            if version == self._version:
                return
            self._users = {user.name: user for user in read_users(self._path)}
            self._version = version
        except OSError as error:
            raise SettingError(f"{self._path}: cannot be read ({error.strerror})") from error


def read_users(path: Path) -> tuple[User, ...]:
    """The users of a file.

    Raises:
        SettingError: it is not such a file; OSError: it cannot be read.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Document).users
    except msgspec.DecodeError as error:
        raise SettingError(f"{path}: is not a file of users ({error})") from error


def put_user(path: Path, name: str, role: Role, password: str) -> None:
    """Add a user, or give one another role and password; the file is replaced as a whole.

    Raises:
        SettingError: name or password will not do, or the file is not one of users.
    """
    if not name or name != name.strip() or len(name) > 64 or not name.isprintable():  # noqa: PLR2004 - a name's length
        raise SettingError("a user's name is 1 to 64 letters that can be seen, with no blank around them")
    if not MINIMUM_PASSWORD <= len(password) <= MAXIMUM_PASSWORD:
        raise SettingError(f"a password has {MINIMUM_PASSWORD} to {MAXIMUM_PASSWORD} letters")
    others = tuple(user for user in (read_users(path) if path.exists() else ()) if user.name != name)
    hashed = User(name, role, argon2.PasswordHasher().hash(password))
    _write(path, msgspec.json.format(msgspec.json.encode(_Document((*others, hashed))), indent=2) + b"\n")


def make_first_user(path: Path, password_file: Path) -> None:
    """A planner with a new password, where there is no file of users yet."""
    if path.exists():
        return
    password = secrets.token_urlsafe(15)
    _write(password_file, password.encode() + b"\n")
    put_user(path, _FIRST, "planner", password)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        stream.write(content)
    temporary.replace(path)
