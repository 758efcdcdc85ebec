"""The benchmark: our serving path beside its peers in interleaved rounds, and every claim with its figure.

It reports and judges nothing by its exit code: 0 whatever the figures, 1 when something could not be measured.
Tables go to stdout, progress to stderr, everything to `.bench/results.json`.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from churnbench.claims import Claim, all_claims
from churnbench.console import progress, result
from churnbench.contenders import CONTENDERS, Contender
from churnbench.errors import BenchError
from churnbench.extras import measure_extras
from churnbench.former import beside, comparison, comparison_table, former_workplace
from churnbench.generator import Generator
from churnbench.machine import circumstances
from churnbench.processes import end_on_sigterm
from churnbench.rounds import Measured, Plan, measure_all
from churnbench.tables import claim_table, contender_table, process_table
from churnbench.witnesses import WITNESSES, cost, cost_table
from churnbench.workplace import Workplace, open_workplace, simulated

ALL = (*CONTENDERS, *WITNESSES)
CLAIMS = "claims"
SUSTAINED_SECONDS = 60.0
QUICK_SECONDS = 2.0
QUICK_SUSTAINED_SECONDS = 5.0
REQUIRED_CORES = 2


def main() -> int:
    """Measure what was asked for."""
    arguments = parse(sys.argv[1:])
    end_on_sigterm()
    if len(os.sched_getaffinity(0)) < REQUIRED_CORES:
        progress("two cores are needed: one for the server, one for the generator")
        return 1
    try:
        workplace = open_workplace(arguments.data)
        generator = Generator(workplace.folder)
        former = against(workplace, arguments)
    except BenchError as error:
        progress(str(error))
        return 1
    plan = Plan(arguments.rounds, arguments.seconds, time.monotonic() + 60.0 * arguments.minutes)
    contenders = chosen(arguments.only)
    table = measure_all(workplace, generator, beside(contenders, former) if former else contenders, plan)
    extras: dict[str, Any] = {}
    failures = {measured.contender.name: measured.failure for measured in table if measured.failure}
    if not arguments.only or CLAIMS in arguments.only:
        extras, missed = measure_extras(workplace, generator, arguments.sustained)
        failures |= missed
    publish(workplace, former, arguments, table, extras, failures)
    return 1 if failures else 0


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The command line; a mistake ends with 2 and one line."""
    names = [*dict.fromkeys(contender.group for contender in ALL), *(each.name for each in ALL), CLAIMS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="churn CSV to learn from (default: simulated customers)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8.0, help="length of each load (default 8)")
    parser.add_argument(
        "--sustained", type=float, default=SUSTAINED_SECONDS, help="length of the long load (default 60)"
    )
    parser.add_argument("--minutes", type=float, default=45.0, help="no measurement of a round begins after this")
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=f"of: {', '.join(names)}")
    parser.add_argument("--against", metavar="REV", help="a former commit, measured beside ours in the same rounds")
    parser.add_argument("--quick", action="store_true", help="one short round: does everything work?")
    arguments = parser.parse_args(words)
    if arguments.quick:
        arguments.rounds, arguments.seconds, arguments.sustained = 1, QUICK_SECONDS, QUICK_SUSTAINED_SECONDS
    if arguments.data and not arguments.data.is_file():
        parser.error(f"--data {arguments.data}: no such file")
    if arguments.rounds < 1 or not 0 < arguments.seconds <= 60 or not 0 < arguments.sustained <= 100:
        parser.error("--rounds at least 1, --seconds at most 60, --sustained at most 100")
    return arguments


def against(workplace: Workplace, arguments: argparse.Namespace) -> Workplace | None:
    """The former commit's place, if there is one to compare with."""
    if not arguments.against:
        return None
    return former_workplace(workplace, arguments.against, arguments.data or simulated(workplace))


def chosen(only: Sequence[str] | None) -> list[Contender]:
    """Contenders by name or group; all without a choice."""
    return [each for each in ALL if not only or each.name in only or each.group in only]


def publish(
    workplace: Workplace,
    former: Workplace | None,
    arguments: argparse.Namespace,
    table: Sequence[Measured],
    extras: dict[str, Any],
    failures: dict[str, str],
) -> None:
    """Tables on stdout, everything in one JSON file."""
    claims = all_claims(table, extras)
    compared = comparison(table, former) if former else []
    document = {
        **circumstances(),
        "options": {name: value for name, value in vars(arguments).items() if isinstance(value, (int, float, list))},
        "data": str(arguments.data.name) if arguments.data else "simulated",
        "contenders": {measured.contender.name: measured.to_json() for measured in table},
        "against": former.folder.name if former else None,
        "comparison": compared,
        "witnesses": cost(table),
        "extras": extras,
        "claims": [dataclasses.asdict(claim) for claim in claims],
        "failures": failures,
    }
    (workplace.folder / "results.json").write_text(json.dumps(document, indent=1) + "\n")
    result(text(document, table, claims))
    if former:
        result("\n" + comparison_table(compared, former))
    progress(f"written: {workplace.folder / 'results.json'}")


def text(document: dict[str, Any], table: Sequence[Measured], claims: Sequence[Claim]) -> str:
    """What a person reads."""
    machine = document["machine"]
    parts = [
        f"# Benchmark of {document['date']}, commit {document['commit']}",
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB; data: {document['data']}",
        "One model for all, one customer a request; medians [lowest–highest round].",
        contender_table(table) if table else "",
        process_table(table),
        cost_table(document["witnesses"]),
        claim_table(claims),
    ]
    parts += [f"Not measured: {name}: {why}" for name, why in document["failures"].items()]
    return "\n\n".join(part for part in parts if part)


if __name__ == "__main__":
    raise SystemExit(main())
