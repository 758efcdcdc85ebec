"""All attacks in turn, and how their figures read: one line an attack."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from churnattack.target import Attack
from churnbench.console import progress
from churnbench.errors import BenchError
from churnbench.generator import Generator
from churnbench.hostile import REQUIRED_GATEWAY_MIB, REQUIRED_P99_MS, Besieged, Ordeal, besieged, endure
from churnbench.tables import MET, markdown
from churnbench.workplace import Workplace

HEAD = (
    "attack",
    "door",
    "good failed (0)",
    "by the primary (≥ 99 %)",
    f"p99 ms (≤ {REQUIRED_P99_MS:g})",
    "worst ms",
    f"gateway MiB (≤ {REQUIRED_GATEWAY_MIB:g})",
    "predictor MiB",
    "fallback MiB",
    "attacker sent",
    "attacker got",
    "5xx",
    "unexpected (0)",
    "attacker CPU s",
    "met",
)
SHOWN_ANSWERS = 4


def endure_all(
    workplace: Workplace, generator: Generator, attacks: Sequence[Attack], rate: float, seconds: float
) -> tuple[dict[str, Ordeal], dict[str, str]]:
    """Figures by attack, and why an attack has none. After one that ends a process, the rest meet a new stage."""
    found: dict[str, Ordeal] = {}
    failures: dict[str, str] = {}
    with ExitStack() as stack:
        stage: Besieged | None = None
        for attack in attacks:
            progress(f"attack: {attack.name}: {attack.what}")
            try:
                stage = stage or stack.enter_context(besieged(workplace))
                found[attack.name] = endure(stage, generator, attack, rate, seconds)
                show(found[attack.name])
            except BenchError as error:
                failures[attack.name] = str(error)
                progress(f"{attack.name} could not be endured: {error}")
                stack.close()
                stage = None
    return found, failures


def show(ordeal: Ordeal) -> None:
    """One line of progress."""
    progress(
        f"  {ordeal.failed} of {ordeal.sent} failed, primary {ordeal.primary_share:.1%}, p99 {ordeal.p99_ms:.1f} ms, "
        f"gateway {ordeal.gateway_mib:.0f} MiB, predictor {ordeal.predictor_mib:.0f} MiB; attacker got {got(ordeal)}"
    )
    for answer, count in ordeal.unexpected.items():
        progress(f"  {count} × {answer}")


def got(ordeal: Ordeal) -> str:
    """What the attacker was answered most often, and by whom it was served."""
    answers = [f"{count:,} × {status}" for status, count in ordeal.attacker["answers"].items()]
    more = [f"+{len(answers) - SHOWN_ANSWERS} kinds"] if len(answers) > SHOWN_ANSWERS else []
    served = [f"{count:,} by the {tier}" for tier, count in ordeal.attacker["served_by"].items()]
    return ", ".join([*answers[:SHOWN_ANSWERS], *more, *served]) or "nothing"


def attack_table(attacks: Sequence[Attack], found: Mapping[str, Ordeal], failures: Mapping[str, str]) -> str:
    """What a person reads."""
    rows = [row(attack, found[attack.name]) for attack in attacks if attack.name in found]
    rows += [[attack.name, f"not endured: {failures[attack.name]}"] for attack in attacks if attack.name in failures]
    return markdown(HEAD, rows)


def row(attack: Attack, ordeal: Ordeal) -> list[str]:
    """Cells of one attack."""
    return [
        f"{attack.name}: {attack.what}",
        attack.door,
        f"{ordeal.failed} of {ordeal.sent:,}",
        f"{ordeal.primary_share:.2%}",
        f"{ordeal.p99_ms:.1f}",
        f"{ordeal.worst_ms:.0f}",
        f"{ordeal.gateway_mib:.0f}",
        f"{ordeal.predictor_mib:.0f}",
        f"{ordeal.fallback_mib:.0f}",
        f"{ordeal.attacker['sent']:,}",
        got(ordeal),
        str(ordeal.server_errors),
        str(sum(ordeal.unexpected.values())),
        f"{ordeal.attacker['cpu_seconds']:.1f}",
        MET[ordeal.met],
    ]


def to_json(found: Mapping[str, Ordeal]) -> dict[str, Any]:
    """For the results file."""
    return {
        name: {**dataclasses.asdict(ordeal), "server_errors": ordeal.server_errors, "met": ordeal.met}
        for name, ordeal in found.items()
    }
