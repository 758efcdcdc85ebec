"""How often somebody may try: requests a minute, and far fewer passwords."""

import ipaddress
import math
import time

from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from limits import RateLimitItem, parse  # type: ignore[attr-defined]  # tests have a module of that name, too

_PASSWORDS_OF_NAME = parse("10 per 15 minutes")
_PASSWORDS_OF_ADDRESS = parse("30 per 15 minutes")
_NETWORK_BITS = 64


class Attempts:
    """Counts in this process's memory; a new process begins anew."""

    def __init__(self, requests_per_minute: int) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._requests = parse(f"{requests_per_minute} per minute")

    def request(self, name: str, address: str) -> int:
        """0 if somebody may ask for a page, else the seconds to wait; who has no name here counts by the address."""
        kind, who = ("person", name) if name else ("stranger", network_of(address))
        if self._limiter.hit(self._requests, kind, who):
            return 0
        return self._wait(self._requests, kind, who)

    def password(self, name: str, address: str) -> int:
        """0 if a password for ``name`` may be tried from ``address``, else the seconds to wait."""
        return max(
            0 if self._limiter.test(item, kind, who) else self._wait(item, kind, who)
            for item, kind, who in _counted(name, address)
        )

    def wrong_password(self, name: str, address: str) -> None:
        """Count one; whoever knows their password may sign in as often as they like."""
        for item, kind, who in _counted(name, address):
            self._limiter.hit(item, kind, who)

    def _wait(self, item: RateLimitItem, kind: str, who: str) -> int:
        reset = self._limiter.get_window_stats(item, kind, who).reset_time
        return max(1, math.ceil(reset - time.time()))


def _counted(name: str, address: str) -> tuple[tuple[RateLimitItem, str, str], ...]:
    return (_PASSWORDS_OF_ADDRESS, "address", network_of(address)), (_PASSWORDS_OF_NAME, "name", name.lower()[:64])


def network_of(address: str) -> str:
    """What is counted for an address: itself, and of IPv6 its network, of which one household has 2**64 addresses."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv4Address):
        return address
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network((known, _NETWORK_BITS), strict=False))
