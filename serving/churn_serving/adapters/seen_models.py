"""The models that one backend was seen with.

While a new version rolls out, servers with the old one and servers with the new one answer at the same address. An
answer is believed by the description of the model that gave it, not by the one that was described last.
"""

from collections.abc import Callable

from churn_model import Description

KEPT = 4
"""Versions; a rollout shows two, one that is overtaken by the next or rolled back one more."""


class SeenModels:
    """Proven descriptions by their digest; the ones that were described longest ago are forgotten."""

    def __init__(self) -> None:
        self._by_digest: dict[str, Description] = {}

    def add(self, description: Description) -> None:
        """Remember a description whose signature was proven."""
        self._by_digest.pop(description.digest, None)
        self._by_digest[description.digest] = description
        while len(self._by_digest) > KEPT:
            del self._by_digest[next(iter(self._by_digest))]

    def keep(self, wanted: Callable[[Description], bool]) -> None:
        """Forget all others."""
        self._by_digest = {digest: model for digest, model in self._by_digest.items() if wanted(model)}

    def get(self, digest: str) -> Description | None:
        """The model with this digest, None if it was never described or is forgotten."""
        return self._by_digest.get(digest)
