"""The file of the gateway's API keys: who may call, by the SHA-256 of a key and never by the key itself.

    {"keys": [{"id": "marketing", "sha256": "<64 hex digits>", "not_after": "2027-01-01T00:00:00Z"}]}

A key is 32 random bytes, so nobody can try them all, and plain SHA-256 is enough: slow hashes with salt exist for
passwords, which people choose and which can be guessed.
"""

import base64
import json
import secrets
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import msgspec

from churn_model.documents import read_by_any_thread
from churn_model.small_files import read_small_file, replace_private_file

PREFIX = "churn_"
"""Makes a key that leaked into a text recognisable; scanners for secrets look for such words."""
MAXIMUM_KEYS = 1000
"""Every key is compared with every request's, so their number is a cost."""
_RANDOM_BYTES = 32
_IDENTIFIER = r"^[A-Za-z0-9._-]{1,64}\Z"


class KeyFileError(Exception):
    """The file cannot be used; one line names file and entry, and never quotes a value."""


@read_by_any_thread
class KeyEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One caller's key: its name in logs, the SHA-256 of the key in hex, and when it ends (None: never)."""

    id: Annotated[str, msgspec.Meta(pattern=_IDENTIFIER)]
    sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-fA-F]{64}\Z")]
    not_after: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


@read_by_any_thread
class _Document(msgspec.Struct, forbid_unknown_fields=True):
    keys: list[msgspec.Raw]


def new_key() -> str:
    """A key to give to a caller; it is written down nowhere."""
    return PREFIX + base64.urlsafe_b64encode(secrets.token_bytes(_RANDOM_BYTES)).rstrip(b"=").decode()


def entry_for(key: str, identifier: str, not_after: datetime | None = None) -> KeyEntry:
    """What the file holds of a key.

    Raises:
        KeyFileError: the identifier or the date cannot be used.
    """
    made = KeyEntry(identifier, sha256(key.encode()).hexdigest(), not_after)
    return _entry("the new key", msgspec.Raw(msgspec.json.encode(made)))


def read_keys(path: Path) -> tuple[KeyEntry, ...]:
    """The entries of a file; none at all is allowed and means that nobody may call.

    Raises:
        KeyFileError: it cannot be read, or an entry is not what it must be.
    """
    try:
        content = read_small_file(path)
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from error
    try:
        document = msgspec.json.decode(content, type=_Document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise KeyFileError(f'{path}: {error}; expected {{"keys": [...]}}') from error
    if len(document.keys) > MAXIMUM_KEYS:
        raise KeyFileError(f"{path}: {len(document.keys)} keys; at most {MAXIMUM_KEYS} can be used")
    entries = tuple(_entry(f"{path}: keys[{index}]", raw) for index, raw in enumerate(document.keys))
    _refuse_repeated_names(str(path), content)
    _refuse_duplicates(path, entries)
    return entries


def add_key(path: Path, entry: KeyEntry) -> None:
    """Add an entry and keep the others; the file is replaced at once or not at all, and only its owner can read it.

    Raises:
        KeyFileError: the file is broken, or has this id already.
        OSError: it cannot be written.
    """
    target = path.resolve()
    entries = (*(read_keys(target) if target.exists() else ()), entry)
    _refuse_duplicates(path, entries)
    document: dict[str, Any] = {"keys": entries}
    replace_private_file(target, msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")


def _entry(place: str, raw: msgspec.Raw) -> KeyEntry:
    try:
        entry = msgspec.json.decode(raw, type=KeyEntry)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise KeyFileError(f"{place}: {error}") from error
    _refuse_repeated_names(place, bytes(raw))
    return entry


def _refuse_repeated_names(place: str, content: bytes) -> None:
    """A name that is given twice has no meaning that all readers share: of two ends of a key the later would count."""

    def check(pairs: list[tuple[str, Any]]) -> None:
        names = [name for name, _ in pairs]
        for name in names:
            if names.count(name) > 1:  # which is one that the decoder knows
                raise KeyFileError(f"{place}: {name} is given twice")

    json.loads(content, object_pairs_hook=check)


def _refuse_duplicates(path: Path, entries: tuple[KeyEntry, ...]) -> None:
    places: dict[str, int] = {}
    hashes: dict[str, int] = {}
    for index, entry in enumerate(entries):
        if entry.id in places:
            raise KeyFileError(f"{path}: keys[{index}]: the id {entry.id} is that of keys[{places[entry.id]}] too")
        digest = entry.sha256.lower()
        if digest in hashes:
            raise KeyFileError(f"{path}: keys[{index}] ({entry.id}): the same key as keys[{hashes[digest]}]")
        places[entry.id] = hashes[digest] = index
