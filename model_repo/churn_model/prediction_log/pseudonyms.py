"""Customers by a keyed hash: who has the key can find a customer's records again, and nobody else can.

    {"keys": [{"id": "2026-11", "secret": "<64 hex digits>"}]}

The last key is used, the others find what was written with them. Without its key a hash of an id is worth little: ids
can be tried. A key that is removed makes what was written with it anonymous for ever.
"""

import secrets
from hashlib import blake2b
from pathlib import Path
from typing import Annotated

import msgspec

from churn_model.documents import read_by_any_thread
from churn_model.errors import ChurnModelError
from churn_model.small_files import read_small_file, replace_private_file
from churn_model.spelling import canonical

HASH_BYTES = 16
MAXIMUM_KEYS = 1000
_SECRET_BYTES = 32


class PseudonymKeyError(ChurnModelError):
    """The file of keys cannot be used; one line names file and key, and never quotes a secret."""


@read_by_any_thread
class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._-]{1,64}\Z")]
    secret: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-fA-F]{64}\Z")]


@read_by_any_thread
class _Document(msgspec.Struct, forbid_unknown_fields=True):
    keys: list[msgspec.Raw]


class PseudonymKey:
    """A key by its id; its secret is shown nowhere."""

    __slots__ = ("_begun", "id")

    def __init__(self, id: str, secret: bytes) -> None:  # noqa: A002 - what the file calls it
        self.id = id
        self._begun = blake2b(key=secret, digest_size=HASH_BYTES)

    def of(self, customer_id: str) -> bytes:
        """The pseudonym of a customer, 128 bits of keyed BLAKE2b (RFC 7693) over the id in its one spelling."""
        return self._hash(canonical(customer_id) or customer_id)

    def of_named(self, customer_id: str) -> bytes | None:
        """The same; None of an id in which nothing can be seen, which many may have and which names nobody."""
        spelt = canonical(customer_id)
        return None if spelt is None else self._hash(spelt)

    def _hash(self, spelt: str) -> bytes:
        hashing = self._begun.copy()
        hashing.update(spelt.encode("utf-8", "surrogatepass"))
        return hashing.digest()


def read_pseudonym_keys(path: Path) -> tuple[PseudonymKey, ...]:
    """The keys of a file, the newest last.

    Raises:
        PseudonymKeyError: it cannot be read, holds no key, or one that is none.
    """
    return tuple(PseudonymKey(entry.id, bytes.fromhex(entry.secret)) for entry in _entries(path))


def add_pseudonym_key(path: Path, identifier: str) -> None:
    """Add a new key, which is used from then on; the file is replaced at once or not at all, and only its owner can
    read it. A file that is not there yet is made.

    Raises:
        PseudonymKeyError: the file is broken, or has this id already.
        OSError: it cannot be written.
    """
    entries = _entries(path) if path.exists() else ()
    if identifier in {entry.id for entry in entries}:
        raise PseudonymKeyError(f"{path}: there is a key {identifier} already")
    made = {"id": identifier, "secret": secrets.token_bytes(_SECRET_BYTES).hex()}
    entry = _entry(f"the new key {identifier!a}", msgspec.Raw(msgspec.json.encode(made)))
    content = msgspec.json.format(msgspec.json.encode({"keys": [*entries, entry]}), indent=2) + b"\n"
    replace_private_file(path, content)


def _entries(path: Path) -> tuple[_Entry, ...]:
    try:
        document = msgspec.json.decode(read_small_file(path), type=_Document)
    except OSError as error:
        raise PseudonymKeyError(f"{path}: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PseudonymKeyError(f'{path}: {error}; expected {{"keys": [...]}}') from error
    if not 1 <= len(document.keys) <= MAXIMUM_KEYS:
        raise PseudonymKeyError(f"{path}: {len(document.keys)} keys; 1 to {MAXIMUM_KEYS} can be used")
    entries = tuple(_entry(f"{path}: keys[{index}]", raw) for index, raw in enumerate(document.keys))
    places: dict[str, int] = {}
    for index, entry in enumerate(entries):
        if entry.id in places:
            raise PseudonymKeyError(f"{path}: keys[{index}]: the id {entry.id} is that of keys[{places[entry.id]}] too")
        places[entry.id] = index
    return entries


def _entry(place: str, raw: msgspec.Raw) -> _Entry:
    try:
        return msgspec.json.decode(raw, type=_Entry)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PseudonymKeyError(f"{place}: {error}") from error
