"""Which backends a request tries, in order: a weighted split that keeps a customer on one side.

The same key goes to the same side at the same weight, in every process; raising the canary's weight only moves
customers towards the canary. A request with many customers is answered by one model, so its first customer decides.
"""

from hashlib import blake2b

from churn_serving.core.guarded import GuardedBackend

_SCALE = 2.0**64


class Router:
    """``canary_share`` is 0 to 1 and may change at any time; without a key a request goes by a counter, so that shares
    still hold."""

    def __init__(
        self,
        primary: GuardedBackend,
        canary: GuardedBackend | None,
        fallback: GuardedBackend | None,
        canary_share: float,
    ) -> None:
        last = [fallback] if fallback else []
        self._stable = (primary, *last)
        self._canary = (canary, primary, *last) if canary else self._stable
        self.canary_share = canary_share
        self._anonymous = 0
        self.backends = tuple(dict.fromkeys((primary, *([canary] if canary else []), *last)))

    def route(self, key: str | None) -> tuple[GuardedBackend, ...]:
        """Backends in the order to try them."""
        if self.canary_share <= 0.0 or self._canary is self._stable:
            return self._stable
        return self._canary if self._position(key) < self.canary_share else self._stable

    def arm(self, key: str | None) -> str | None:
        """The side of the split that a key is on, whoever answers in the end; None where there is no split, or no key
        that would stay on its side."""
        if key is None or self.canary_share <= 0.0 or self._canary is self._stable:
            return None
        return self.route(key)[0].name

    def _position(self, key: str | None) -> float:
        """Where a key stands between 0 and 1."""
        if key is None:
            self._anonymous += 1
            return (self._anonymous * 0.6180339887498949) % 1.0  # golden ratio: evenly spread at any length
        return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big") / _SCALE
