"""Who is never learnt from: customers whose salted hash falls into a share, the same ones for ever.

A list need not be kept, so every model of a use case leaves out the same customers, whatever file, seed or month it was
made of, and two models can be compared on customers whom neither has seen. It must not know files or models.
"""

import hashlib
from functools import lru_cache

import msgspec

from churn_model.documents import read_by_any_thread
from churn_model.rules import LARGEST_HOLDOUT

_BITS = 53
"""A double holds so many bits exactly, which keeps the position below 1."""


@read_by_any_thread
class Holdout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom a model was not fitted on: those whose :func:`position` under ``salt`` is below ``share``. ``by`` is the
    column of their ids; empty: there was none, and the values of a row stood for the customer."""

    salt: str
    share: float
    by: str = ""

    def __post_init__(self) -> None:
        """Refuse what is no share.

        Raises:
            ValueError: the share is not above 0 and at most a half.
        """
        if not 0.0 < self.share <= LARGEST_HOLDOUT:
            raise ValueError(f"a holdout of {self.share:g} is not above 0 and at most {LARGEST_HOLDOUT:g}")

    def holds(self, key: str) -> bool:
        """Whether the customer with this key is held out; those of a smaller share are in a larger one."""
        return position(self.salt, key) < self.share

    @property
    def identity(self) -> str:
        """A short name of the salt, as a registry may use in a tag."""
        return salt_id(self.salt)


def position(salt: str, key: str) -> float:
    """Where a customer stands in [0, 1): the first 53 bits of SHA-256(SHA-256(salt) ‖ key), both as UTF-8.

    Uniform over customers and independent between salts (Kohavi, Tang & Xu 2020, "Trustworthy Online Controlled
    Experiments", chapter 14). The salt is hashed first so that no salt and key run into another pair.
    """
    digest = hashlib.sha256(_salt_digest(salt) + key.encode("utf-8", "surrogatepass")).digest()
    return (int.from_bytes(digest[:8]) >> (64 - _BITS)) / (1 << _BITS)


def salt_id(salt: str) -> str:
    """A name for the salt, 12 hexadecimal digits of its SHA-256, which tells salts apart without giving one away: who
    knows the salt can tell who is held out."""
    return _salt_digest(salt).hex()[:12]


@lru_cache(maxsize=64)
def _salt_digest(salt: str) -> bytes:
    return hashlib.sha256(salt.encode()).digest()
