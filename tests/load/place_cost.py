"""What counting and writing down one request costs a gateway where it is done: under load, each step timed by itself.

Two gateways whose processor time differs by a tenth can be told apart on a quiet machine alone (``watch_cost.py``); how
long a step of a request takes can be told on any. What a step costs others, whose code and data it drives out of the
caches, is not in it. Prints a table; `--against` puts a former commit's gateway beside it, to and fro.

Usage: python tests/load/place_cost.py [--rounds 3] [--seconds 8] [--against REV] [--data CSV]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median

from churnbench import ours
from churnbench.console import progress, result
from churnbench.contenders import HOST
from churnbench.errors import BenchError
from churnbench.former import unpacked
from churnbench.generator import Generator, Load
from churnbench.machine import circumstances
from churnbench.processes import end_on_sigterm, free_ports, running, wait_until
from churnbench.tables import markdown
from churnbench.watching import START_SECONDS, asks_the_primary
from churnbench.workplace import ROOT, Workplace, open_workplace
from timed import BURST, CALL, CLOCK, REQUEST

WARM = 2_000
"""Requests that are none of the rule: the first of a process."""
_DISTURBED = 0.03
"""The share of each step's longest times that is left out: another process had the processor meanwhile."""
Found = Mapping[str, float]


def main() -> int:
    """Measure and print; 1 where something could not be measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="churn CSV to learn from (default: simulated customers)")
    parser.add_argument("--rounds", type=int, default=3, help="starts of each gateway (default 3)")
    parser.add_argument("--seconds", type=float, default=8.0, help="length of each load (default 8)")
    parser.add_argument("--against", metavar="REV", help="a former commit")
    arguments = parser.parse_args()
    end_on_sigterm()
    try:
        workplace = open_workplace(arguments.data)
        whose = {"former": unpacked(workplace, arguments.against)} if arguments.against else {}
        whose["now"] = workplace
        found: dict[str, list[Found]] = {name: [] for name in whose}
        for _ in range(arguments.rounds):
            for name, each in whose.items():
                found[name].append(measured(workplace, each, arguments.seconds))
    except BenchError as error:
        progress(str(error))
        return 1
    path = Path(".bench") / "places.json"
    path.write_text(json.dumps({**circumstances(), "against": arguments.against, "found": found}, indent=1) + "\n")
    result(table(found))
    progress(f"written: {path}")
    return 0


def measured(workplace: Workplace, whose: Workplace, seconds: float) -> Found:
    """Microseconds a request of each step in one life of a gateway, and `all` of them.

    Raises:
        BenchError: not every request was answered.
    """
    primary, grpc, metrics, front = free_ports(4)
    file = workplace.folder / "steps.json"
    (gateway,) = ours.gateway(whose, front, primary, 0, CHURN_GATEWAY_FALLBACK_URL="")
    python, _, _, *flags = gateway.arguments
    gateway = dataclasses.replace(gateway, arguments=[python, "-m", "tests.load.timed", str(file), *flags], folder=ROOT)
    commands = [*ours.predictor(workplace, [primary, grpc, metrics]), gateway]
    with running(commands, workplace.logs / "places") as servers:
        wait_until(partial(asks_the_primary, front), servers, START_SECONDS, "gateway")
        load = Load(
            url=f"http://{HOST}:{front}{ours.PREDICTIONS}",
            bodies=workplace.bodies("gateway.jsonl"),
            rate=0,
            connections=32,
            seconds=seconds,
            warmup=0,
        )
        report = Generator(workplace.folder).run(load)
        if report["failed"] or report["ok"] <= WARM:
            raise BenchError(f"{report['failed']} failed, {report['ok']} were answered")
    return microseconds(json.loads(file.read_text()))


def microseconds(steps: Mapping[str, Sequence[int]]) -> Found:
    """Of each step for one request, without the clock's own; lines that are encoded together are shared."""
    clock = usual(steps[CLOCK][WARM:])
    requests = len(steps[REQUEST])
    bursts = len(steps.get(BURST, ()))
    found = {}
    for name, times in steps.items():
        if name == CLOCK or not times:
            continue
        share = len(times) / requests if name in (CALL, BURST) else 1.0
        found[name] = (usual(times[int(WARM * share) :]) - clock) * share / 1000
    if bursts:  # it is called from within a request, one in so many, which are among its longest
        found[REQUEST] = (usual(steps[REQUEST][WARM:], _DISTURBED + bursts / requests) - clock) / 1000
    return {**found, "all": sum(found.values())}


def usual(times: Sequence[int], without: float = _DISTURBED) -> float:
    """The mean but for the longest ones."""
    kept = sorted(times)[: int(len(times) * (1 - without)) or 1]
    return sum(kept) / len(kept)


def table(found: Mapping[str, Sequence[Found]]) -> str:
    """Microseconds of each step: the median of all rounds, and the lowest and the highest."""
    names = list(dict.fromkeys(name for rounds in found.values() for each in rounds for name in each if name != "all"))
    rows = []
    for name in [*names, "all"]:
        cells = []
        for rounds in found.values():
            values = [each[name] for each in rounds if name in each]
            cells.append(f"{median(values):.2f} [{min(values):.2f}–{max(values):.2f}]" if values else "–")
        rows.append([name, *cells])
    return markdown(["µs a request", *found], rows)


if __name__ == "__main__":
    raise SystemExit(main())
