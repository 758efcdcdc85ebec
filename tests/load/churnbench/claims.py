"""The figures this project promises, each with what was required and what was found.

Requirements stand here and nowhere else in the benchmark. It computes from measurements; it takes none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from churnbench.rounds import Measured

SUSTAINED_P99_MS = 5.0
SUSTAINED_P999_MS = 20.0
WHOLE_PATH_RATE = 2000.0
PREDICTOR_RATE = 4000.0
PREDICTOR_GRPC_RATE = 2000.0
ONE_ROW_US = 100.0
THOUSAND_ROWS_MS = 10.0
FRESH_START_S = 60.0
RESTART_S = 15.0
GATEWAY_MIB = 150.0
AHEAD_OF_NGINX = 1.0
AHEAD_OF_ENVOY = 1.0
OF_A_DO_NOTHING_SERVER = 0.35
PREDICTOR_MIB = 400.0


@dataclass(frozen=True)
class Claim:
    """`met` is None when nothing was measured; `measured` says why then."""

    claim: str
    required: str
    measured: str
    met: bool | None


def at_most(claim: str, unit: str, limit: float, found: float | None) -> Claim:
    """A claim that smaller is better."""
    return compared(claim, f"≤ {limit:g} {unit}", unit, found, met=found is not None and found <= limit)


def at_least(claim: str, unit: str, limit: float, found: float | None) -> Claim:
    """A claim that larger is better."""
    return compared(claim, f"≥ {limit:,g} {unit}", unit, found, met=found is not None and found >= limit)


def compared(claim: str, required: str, unit: str, found: float | None, *, met: bool) -> Claim:
    """The claim, or that nothing was measured."""
    if found is None:
        return Claim(claim, required, "not measured", None)
    shown = f"{found:,.0f}" if abs(found) >= 1000 else f"{found:.3g}"
    return Claim(claim, required, f"{shown} {unit}", met)


def all_claims(table: Sequence[Measured], extras: Mapping[str, Any]) -> list[Claim]:
    """Every claim, from the rounds and from the measurements made beside them."""
    return [
        *sustained(extras.get("sustained")),
        at_least("whole path, saturation, single customers", "req/s", WHOLE_PATH_RATE, saturation(table, "churn")),
        at_least("predictor, HTTP, one core", "req/s", PREDICTOR_RATE, saturation(table, "churn-predictor")),
        at_least("predictor, gRPC, one core", "req/s", PREDICTOR_GRPC_RATE, saturation(table, "churn-predictor-grpc")),
        at_least("whole path beside nginx before the same predictor", "×", AHEAD_OF_NGINX, beside(table, "nginx")),
        at_least("whole path beside Envoy before the same predictor", "×", AHEAD_OF_ENVOY, beside(table, "envoy")),
        at_least(
            "whole path beside a server that does nothing", "×", OF_A_DO_NOTHING_SERVER, beside(table, "do-nothing")
        ),
        *in_process(extras.get("in_process")),
        at_most("make run to ready, simulated customers", "s", FRESH_START_S, dig(extras, "start", "fresh_seconds")),
        at_most("make run with a champion to ready", "s", RESTART_S, dig(extras, "start", "restart_seconds")),
        at_most(
            "gateway memory (RSS, after the load)", "MiB", GATEWAY_MIB, dig(extras, "sustained", "memory", "gateway")
        ),
        at_most(
            "predictor memory (RSS, after the load)",
            "MiB",
            PREDICTOR_MIB,
            dig(extras, "sustained", "memory", "predictor"),
        ),
    ]


def sustained(measured: Mapping[str, Any] | None) -> list[Claim]:
    """Half a thousand requests a second through the whole path."""
    report = measured["report"] if measured else None
    what = (
        f"whole path, 500 req/s open loop, {measured['seconds']:g} s" if measured else "whole path, 500 req/s open loop"
    )
    errors = None if report is None else float(report["failed"] + report["unserved"])
    by_primary = None if report is None else 100.0 * report["counts"]["primary"] / max(1, report["ok"])
    return [
        at_most(f"{what}: errors", "of " + (f"{report['sent']:,}" if report else "all"), 0, errors),
        at_least(f"{what}: served by the primary", "%", 100, by_primary),
        at_most(f"{what}: p99", "ms", SUSTAINED_P99_MS, dig(report, "latency_ms", "p99")),
        at_most(f"{what}: p99.9", "ms", SUSTAINED_P999_MS, dig(report, "latency_ms", "p99_9")),
    ]


def in_process(measured: Mapping[str, Any] | None) -> list[Claim]:
    """Scoring without a server."""
    batch = dig(measured, "thousand_rows", "median")
    return [
        at_most("one row in process, median", "µs", ONE_ROW_US, dig(measured, "one_row", "median")),
        at_most("1,000 rows in process, median", "ms", THOUSAND_ROWS_MS, None if batch is None else batch / 1000),
    ]


def saturation(table: Sequence[Measured], name: str) -> float | None:
    """Median closed-loop rate of a contender."""
    for measured in table:
        if measured.contender.name == name and measured.rounds:
            rates: list[float] = [found["closed"]["achieved_rate"] for found in measured.rounds]
            return median(rates)
    return None


def beside(table: Sequence[Measured], name: str) -> float | None:
    """The whole path's closed-loop rate divided by another's."""
    ours, theirs = saturation(table, "churn"), saturation(table, name)
    return None if ours is None or theirs is None else ours / theirs


def dig(document: Any, *path: str) -> float | None:
    """The number at a path, or None."""
    for key in path:
        if not isinstance(document, Mapping) or key not in document:
            return None
        document = document[key]
    return float(str(document))
