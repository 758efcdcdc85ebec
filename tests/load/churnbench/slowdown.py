"""Whether a commit serves slower than a former one, from the ratios of interleaved rounds. It measures nothing.

A figure counts as worse only where its median passes the bound and every single round is on the wrong side: one round
that something else on the machine disturbed neither fails a commit nor passes one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from churnbench.errors import BenchError

LEAST_ROUNDS = 3
BOUNDS = {"requests a second": 0.90, "p99 at 500 req/s": 1.25}
"""Ours divided by the former: at least so much of the rate, at most so much of the tail, which is noisier."""


def slowdowns(document: Mapping[str, Any]) -> list[str]:
    """One sentence a figure that got worse; none if nothing did.

    Raises:
        BenchError: the document holds no comparison that could be judged.
    """
    if document.get("failures"):
        raise BenchError(f"not measured: {', '.join(sorted(document['failures']))}")
    compared: Sequence[Mapping[str, Any]] = document.get("comparison") or []
    found = {each["figure"] for each in compared}
    if found != set(BOUNDS):
        raise BenchError("no comparison with a former commit: make bench-check makes one")
    return [sentence for each in compared if (sentence := _slowdown(each))]


def _slowdown(compared: Mapping[str, Any]) -> str:
    ratios, bound = compared["ratios"], BOUNDS[compared["figure"]]
    if len(ratios) < LEAST_ROUNDS:
        raise BenchError(f"{compared['contender']}: {len(ratios)} rounds, {LEAST_ROUNDS} are needed to tell")
    middle = median(ratios)
    lower, higher = middle < bound and max(ratios) < 1, middle > bound and min(ratios) > 1
    if not (lower if bound < 1 else higher):
        return ""
    return (
        f"{compared['contender']}: {compared['figure']} are {middle:.2f} of the former commit's "
        f"({min(ratios):.2f} to {max(ratios):.2f} in {len(ratios)} rounds); allowed is {bound:g}"
    )
