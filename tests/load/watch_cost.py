"""What each witness (metrics and lines of the request log, exemplars, the prediction log) costs a gateway's processor,
and what the whole path carries with it.

Gateways with one witness more or less run side by side in front of one primary and are asked in turn, to and fro, so
that it can be told on a machine that others use, too. Prints a table; everything goes to `.bench/watching.json`.

Usage: python tests/load/watch_cost.py [--starts 3] [--rounds 5] [--rate 0] [--only WAY ...] [--against REV] …
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from churnbench.console import progress, result
from churnbench.errors import BenchError
from churnbench.former import unpacked
from churnbench.generator import Generator
from churnbench.machine import circumstances
from churnbench.processes import end_on_sigterm
from churnbench.watching import KINDS, OFF, WAYS, Found, Gateways, carried, measure, table
from churnbench.workplace import Workplace, open_workplace

TRIES = 4


def main() -> int:
    """Measure what was asked for; 1 where something could not be measured."""
    arguments = parse()
    end_on_sigterm()
    try:
        found = rounds(arguments)
    except BenchError as error:
        progress(str(error))
        return 1
    load = f"{arguments.rate:g} requests a second" if arguments.rate else "a closed loop of 32 connections"
    document = {
        **circumstances(),
        "load": load,
        "seconds": arguments.seconds,
        "against": arguments.against,
        "found": found,
    }
    path = Path(".bench") / "watching.json"
    path.write_text(json.dumps(document, indent=1) + "\n")
    times = f"{arguments.starts} starts of {arguments.rounds} rounds of {arguments.seconds:g} s"
    result(f"{load}, {times}; median [middle half]\n")
    result(table(found, arguments.base))
    if not arguments.rate:
        result(carried(found, arguments.starts, arguments.base))
    progress(f"written: {path}")
    return 0


def rounds(arguments: argparse.Namespace) -> dict[str, list[Found]]:
    """What was found of every way, round by round.

    Raises:
        BenchError: something could not be measured.
    """
    workplace = open_workplace(arguments.data)
    generator = Generator(workplace.folder)
    former = unpacked(workplace, arguments.against) if arguments.against else None
    ours = unpacked(workplace, arguments.code) if arguments.code else workplace
    ways = arguments.only or [way for way, each in WAYS.items() if former or not KINDS[each.gateway].former]
    found: dict[str, list[Found]] = {way: [] for way in ways}
    for _ in range(arguments.starts):  # where a process's memory lies makes it faster or slower as long as it lives
        gateways = Gateways(ours, former, ways)
        with gateways.running() as servers:
            gateways.wait(servers)
            for way in ways:  # the first requests of a process are none of the rule
                measure(workplace, generator, gateways, way, arguments.seconds, arguments.rate)
            for number in range(arguments.rounds):
                for way in ways if number % 2 else reversed(ways):
                    found[way].append(_measured(workplace, generator, gateways, way, arguments))
    return found


def _measured(
    workplace: Workplace, generator: Generator, gateways: Gateways, way: str, arguments: argparse.Namespace
) -> Found:
    """What a load came to in which a model answered everybody: where the machine stood still for a moment, the next."""
    for _ in range(TRIES - 1):
        try:
            return measure(workplace, generator, gateways, way, arguments.seconds, arguments.rate)
        except BenchError as error:
            progress(f"{error}; once more")
    return measure(workplace, generator, gateways, way, arguments.seconds, arguments.rate)


def parse() -> argparse.Namespace:
    """The command line; a mistake ends with 2 and one line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="churn CSV to learn from (default: simulated customers)")
    parser.add_argument("--starts", type=int, default=3, help="how often all processes are started anew (default 3)")
    parser.add_argument("--rounds", type=int, default=5, help="of each start (default 5)")
    parser.add_argument("--seconds", type=float, default=0.5, help="length of each load (default 0.5)")
    parser.add_argument("--rate", type=float, default=0.0, help="requests a second (default: 32 connections in a loop)")
    parser.add_argument("--only", nargs="+", choices=list(WAYS), metavar="WAY", help=f"of: {', '.join(WAYS)}")
    parser.add_argument("--base", choices=list(WAYS), default=OFF, help="what others are compared with (default: off)")
    parser.add_argument("--against", metavar="REV", help="a former commit, whose gateways are asked in the same rounds")
    parser.add_argument("--code", metavar="REV", help="the commit whose gateways are measured (default: this tree)")
    arguments = parser.parse_args()
    if min(arguments.starts, arguments.rounds) < 1 or not 0 < arguments.seconds <= 60 or arguments.rate < 0:
        parser.error("--starts and --rounds at least 1, --seconds at most 60, --rate not below 0")
    return arguments


if __name__ == "__main__":
    raise SystemExit(main())
