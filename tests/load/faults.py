"""The fault drills and the hostile hour: at 500 requests a second, does any customer notice?

First the primary is hurt in seven ways; then callers attack in every way of `churnattack`, one after the other.

Like the benchmark it reports and does not judge by its exit code: 0 whatever the figures, 1 when a drill could not run.
The table goes to stdout, progress to stderr, everything to `.bench/faults.json`.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from churnattack.attacks import ATTACKS
from churnattack.target import Attack
from churnbench.console import progress, result
from churnbench.drills import DRILLS, Drill, Stage, staged
from churnbench.errors import BenchError
from churnbench.generator import Generator, Load, Report
from churnbench.hostile import Ordeal, chosen_attacks
from churnbench.machine import circumstances
from churnbench.ordeals import attack_table, endure_all, to_json
from churnbench.processes import end_on_sigterm
from churnbench.tables import MET, markdown
from churnbench.verdicts import BUCKET_SECONDS, Verdict, judge
from churnbench.workplace import Workplace, open_workplace

RATE = 500.0
CONNECTIONS = 64
WARMUP_SECONDS = 3.0
BEFORE_SECONDS = 3.0
# Enough for healing and for the ten seconds in which the primary must be back in use.
TOTAL_SECONDS = 26.0
TIERS = ("primary", "fallback", "degraded")
ATTACK_SECONDS = 60.0
QUICK_ATTACK_SECONDS = 6.0


def main() -> int:
    """Run the drills and the attacks that were asked for."""
    arguments = parse()
    end_on_sigterm()
    verdicts: dict[str, Verdict] = {}
    failures: dict[str, str] = {}
    try:
        workplace = open_workplace(arguments.data)
        generator = Generator(workplace.folder)
    except BenchError as error:
        progress(str(error))
        return 1
    for drill in chosen_drills(arguments):
        progress(f"drill: {drill.what}")
        try:
            verdicts[drill.name] = run(workplace, generator, drill, arguments.rate)
            show(verdicts[drill.name])
        except BenchError as error:
            failures[drill.name] = str(error)
            progress(f"{drill.name} could not be run: {error}")
    attacks = chosen_attacks(arguments.only)
    ordeals, unendured = endure_all(workplace, generator, attacks, arguments.rate, arguments.attack_seconds)
    publish(workplace, Findings(verdicts, failures, attacks, ordeals, unendured), arguments.rate)
    return 1 if failures or unendured else 0


@dataclass(frozen=True)
class Findings:
    """Everything that was found, and why the rest was not."""

    verdicts: Mapping[str, Verdict]
    failures: Mapping[str, str]
    attacks: Sequence[Attack]
    ordeals: Mapping[str, Ordeal]
    unendured: Mapping[str, str]


def parse() -> argparse.Namespace:
    """The command line; a mistake ends with 2 and one line."""
    names = [*(drill.name for drill in DRILLS), *(attack.name for attack in ATTACKS)]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="churn CSV to learn from (default: simulated customers)")
    parser.add_argument("--rate", type=float, default=RATE, help="requests a second (default 500)")
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=f"of: {', '.join(names)}")
    parser.add_argument(
        "--attack-seconds",
        type=float,
        default=ATTACK_SECONDS,
        help=f"length of each attack (default {ATTACK_SECONDS:g})",
    )
    parser.add_argument("--quick", action="store_true", help="short attacks and no drills: does the door hold at all?")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.attack_seconds = QUICK_ATTACK_SECONDS
    if not 0 < arguments.attack_seconds <= 100:
        parser.error("--attack-seconds: more than 0, at most 100")
    if arguments.data and not arguments.data.is_file():
        parser.error(f"--data {arguments.data}: no such file")
    return arguments


def chosen_drills(arguments: argparse.Namespace) -> list[Drill]:
    """Drills by name; without a choice all, or none for a short look."""
    return [drill for drill in DRILLS if (drill.name in arguments.only if arguments.only else not arguments.quick)]


def run(workplace: Workplace, generator: Generator, drill: Drill, rate: float) -> Verdict:
    """One drill: steady load, the fault, the return, the recovery."""
    with staged(workplace, drill) as stage:
        load = Load(
            url=stage.url,
            bodies=workplace.bodies("gateway.jsonl"),
            rate=rate,
            connections=CONNECTIONS,
            seconds=TOTAL_SECONDS,
            warmup=WARMUP_SECONDS,
            timeline=BUCKET_SECONDS,
            require='"churn_probability"',
            counted={tier: f'"served_by":"{tier}"' for tier in TIERS},
        )
        loading = generator.start(load)
        try:
            hurt_at, back_at = hurt_and_heal(stage, drill)
        except BaseException:
            loading.kill()
            raise
        report: Report = generator.read(loading, load)
    (workplace.folder / f"drill-{drill.name}.json").write_text(json.dumps(report) + "\n")
    return judge(report, hurt_at, back_at)


def hurt_and_heal(stage: Stage, drill: Drill) -> tuple[float, float]:
    """Moments (Unix seconds) of the fault and of the primary's return."""
    time.sleep(WARMUP_SECONDS + BEFORE_SECONDS)
    hurt_at = time.time()
    drill.hurt(stage)
    time.sleep(drill.hold)
    drill.heal(stage)
    return hurt_at, time.time()


def show(verdict: Verdict) -> None:
    """One line of progress."""
    progress(
        f"  {verdict.failed} of {verdict.sent} failed, fallback {verdict.fallback_share:.1%}, "
        f"back in use after {verdict.recovery} s, worst {verdict.worst_ms:.0f} ms"
    )


def publish(workplace: Workplace, findings: Findings, rate: float) -> None:
    """Tables on stdout, everything in one JSON file."""
    verdicts = findings.verdicts
    document = {
        **circumstances(),
        "rate": rate,
        "drills": {name: {**dataclasses.asdict(found), "met": found.met} for name, found in verdicts.items()},
        "failures": {**findings.failures, **findings.unendured},
        "attacks": to_json(findings.ordeals),
    }
    (workplace.folder / "faults.json").write_text(json.dumps(document, indent=1) + "\n")
    result(f"# Faults and attacks of {document['date']}, commit {document['commit']}, {rate:g} req/s\n")
    if verdicts or findings.failures:
        result(drill_table(findings) + "\n")
    if findings.attacks:
        result(attack_table(findings.attacks, findings.ordeals, findings.unendured))
    progress(f"written: {workplace.folder / 'faults.json'}")


def drill_table(findings: Findings) -> str:
    """One line a drill."""
    head = [
        "primary",
        "failed (0)",
        "fallback from 0.5 s (≥ 99 %)",
        "back in use (≤ 10 s)",
        "p99 ms",
        "worst ms",
        "met",
    ]
    rows = [row(drill, findings.verdicts[drill.name]) for drill in DRILLS if drill.name in findings.verdicts]
    rows += [[name, f"could not be run: {why}"] for name, why in findings.failures.items()]
    return markdown(head, rows)


def row(drill: Drill, verdict: Verdict) -> list[str]:
    """Cells of one drill."""
    recovery = "not within the load" if verdict.recovery is None else f"{verdict.recovery:.1f} s"
    return [
        drill.what,
        f"{verdict.failed} of {verdict.sent:,}",
        f"{verdict.fallback_share:.2%}",
        recovery,
        f"{verdict.p99_ms:.1f}",
        f"{verdict.worst_ms:.0f}",
        MET[verdict.met],
    ]


if __name__ == "__main__":
    sys.exit(main())
