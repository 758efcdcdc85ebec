"""A customer stays on one side of a split, in every process and for ever; who comes next is always the same."""

from collections.abc import Callable
from hashlib import blake2b
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_serving.core.guarded import GuardedBackend
from churn_serving.core.routing import Router

NAMES = ("primary", "canary", "fallback")


class Named:
    """All that a router knows of a backend."""

    def __init__(self, name: str) -> None:
        self.name = name


BACKENDS: dict[str, Any] = {name: Named(name) for name in NAMES}


def router(share: float, *, canary: bool = True, fallback: bool = True) -> Router:
    primary: GuardedBackend = BACKENDS["primary"]
    return Router(primary, BACKENDS["canary"] if canary else None, BACKENDS["fallback"] if fallback else None, share)


def names(chosen: Any) -> list[str]:
    return [backend.name for backend in chosen]


def place(key: str) -> float:
    """Where a customer stands between 0 and 1, as it is written down for whoever computes shares elsewhere."""
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big") / 2**64


@given(key=st.text(), share=st.floats(0, 1, exclude_min=True))
def test_a_customer_is_the_canarys_below_the_share(key: str, share: float) -> None:
    expected = ["canary", "primary", "fallback"] if place(key) < share else ["primary", "fallback"]
    assert names(router(share).route(key)) == expected


@pytest.mark.parametrize("key", ["7590-VHVEG", "", "ü"])
def test_who_stands_at_the_share_itself_is_the_primarys(key: str) -> None:
    assert names(router(place(key)).route(key)) == ["primary", "fallback"]


@pytest.mark.parametrize("key", ["7590-VHVEG", "", "ü", None])
def test_without_a_share_or_a_canary_everybody_is_the_primarys(key: str | None) -> None:
    for without in (router(0.0), router(0.5, canary=False), router(1.0, canary=False)):
        assert names(without.route(key)) == ["primary", "fallback"]


def test_a_whole_share_is_everybody() -> None:
    whole = router(1.0)
    assert {names(whole.route(key))[0] for key in [None, *map(str, range(100))]} == {"canary"}


def test_without_a_fallback_nobody_comes_last() -> None:
    assert names(router(0.0, fallback=False).route("a")) == ["primary"]
    assert names(router(1.0, fallback=False).route("a")) == ["canary", "primary"]


@pytest.mark.parametrize("share", [0.01, 0.1, 0.3, 0.5, 0.9])
def test_requests_without_a_key_keep_the_share_at_any_length(share: float) -> None:
    split = router(share)
    canary = 0
    for count in range(1, 1000):
        canary += names(split.route(None))[0] == "canary"
        assert abs(canary - share * count) < 3


def test_raising_the_share_only_moves_customers_to_the_canary() -> None:
    shares = [0.0, 0.05, 0.1, 0.5, 0.99, 1.0]
    moved = [
        {key for key in map(str, range(500)) if names(router(share).route(key))[0] == "canary"} for share in shares
    ]
    assert all(smaller <= larger for smaller, larger in pairwise(moved))
    assert (len(moved[0]), len(moved[-1])) == (0, 500)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (lambda: router(0.1), ["primary", "canary", "fallback"]),
        (lambda: router(0.0), ["primary", "canary", "fallback"]),
        (lambda: router(0.1, canary=False), ["primary", "fallback"]),
        (lambda: router(0.1, canary=False, fallback=False), ["primary"]),
    ],
)
def test_all_backends_are_known_once_the_primary_first(made: Callable[[], Router], expected: list[str]) -> None:
    assert names(made().backends) == expected
