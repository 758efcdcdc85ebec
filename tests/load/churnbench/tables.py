"""Results as Markdown: medians with the lowest and highest round. It formats; it measures and judges nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from statistics import median
from typing import Any

from churnbench.claims import Claim
from churnbench.rounds import Measured

MET = {True: "yes", False: "**no**", None: "–"}
GROUPS = {"peer": "peer", "control": "control (no pandas)", "limit": "limit (no model)"}
GROUPS |= {"anchor": "anchor", "ours": "**ours**", "witness": "ours, watched or not", "former": "former commit"}


def contender_table(table: Sequence[Measured]) -> str:
    """One line a contender; one that could not be measured says why."""
    head = [
        "contender",
        "kind",
        "cores",
        "rounds",
        "req/s, 32 connections",
        "p99 ms",
        "CPU ms a request",
        "req/s a core",
        "500 req/s: served/s",
        "p50 ms",
        "p99 ms",
        "p99.9 ms",
        "errors",
        "PSS MiB",
        "start s",
    ]
    return markdown(head, [contender_row(measured) for measured in table])


def contender_row(measured: Measured) -> list[str]:
    """Cells of one contender."""
    contender, rounds = measured.contender, measured.rounds
    begin = [contender.name, GROUPS[contender.group], "1" if contender.pinned else "2, shared", str(len(rounds))]
    if not rounds:
        return [*begin, f"not measured: {measured.failure}"]
    cells: list[tuple[Callable[[dict[str, Any]], float], int]] = [
        (lambda found: found["closed"]["achieved_rate"], 0),
        (lambda found: found["closed"]["latency_ms"]["p99"], 1),
        (lambda found: cpu_milliseconds(found["closed"]), 3),
        (lambda found: 1000.0 / max(1e-9, cpu_milliseconds(found["closed"])), 0),
        (lambda found: found["open"]["achieved_rate"], 0),
        (lambda found: found["open"]["latency_ms"]["p50"], 2),
        (lambda found: found["open"]["latency_ms"]["p99"], 2),
        (lambda found: found["open"]["latency_ms"]["p99_9"], 2),
    ]
    figures = [spread([take(found) for found in rounds], digits) for take, digits in cells]
    memory = spread([sum(tree["pss_mib"] for tree in found["open"]["servers"]) for found in rounds], 0)
    start = spread([found["start_seconds"] for found in rounds], 1)
    return [*begin, *figures, error_cell(rounds), memory, start]


def error_cell(rounds: Sequence[dict[str, Any]]) -> str:
    """Requests that failed or were never served in both loads of all rounds, and answers of a stand-in."""
    reports = [found[mode] for found in rounds for mode in ("closed", "open")]
    missed = sum(report["failed"] + report["unserved"] for report in reports)
    due = sum(report["sent"] + report["unserved"] for report in reports)
    by_others = sum(
        report["ok"] - report["counts"]["primary"] for report in reports if "primary" in report.get("counts", {})
    )
    cell = f"{missed:,} of {due:,}" if missed else "0"
    return f"{cell}; {by_others:,} not by the primary" if by_others else cell


def cpu_milliseconds(report: dict[str, Any]) -> float:
    """CPU time of the server's processes for one successful request."""
    seconds = sum(tree["cpu_seconds"] for tree in report["servers"])
    answered: int = report["ok"]
    return float(1000.0 * seconds / max(1, answered))


def process_table(table: Sequence[Measured]) -> str:
    """What each process of a contender spends on one request, CPU microseconds: nothing that a proxy does is hidden."""
    rows = []
    for measured in table:
        if not measured.rounds or len(measured.rounds[0]["processes"]) == 1:
            continue
        for position, name in enumerate(measured.rounds[0]["processes"]):
            spent = [cpu_microseconds(found["closed"], position) for found in measured.rounds]
            a_core = spread([1e6 / each for each in spent], 0) if all(spent) else "–"  # – spent less than a tick
            rows.append([measured.contender.name, name, spread(spent, 1), a_core])
    return markdown(["contender", "process", "CPU µs a request", "req/s a core of its own"], rows) if rows else ""


def cpu_microseconds(report: dict[str, Any], position: int) -> float:
    """CPU time of one server and its descendants for one successful request."""
    return float(1e6 * report["servers"][position]["cpu_seconds"] / max(1, report["ok"]))


def spread(values: Sequence[float], digits: int) -> str:
    """Median, and lowest to highest when there is more than one."""
    middle = f"{median(values):,.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} [{min(values):,.{digits}f}–{max(values):,.{digits}f}]"


def claim_table(claims: Iterable[Claim]) -> str:
    """One line a claim."""
    rows = [[claim.claim, claim.required, claim.measured, MET[claim.met]] for claim in claims]
    return markdown(["claim", "required", "measured", "met"], rows)


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; short rows are filled up with empty cells."""
    lines = [head, ["---"] * len(head), *([*row, *[""] * (len(head) - len(row))] for row in rows)]
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines)
