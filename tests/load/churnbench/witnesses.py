"""What it costs to be watched: the whole path with every witness beside the same with none, in the same rounds.

On: metrics of all processes, read by a Prometheus three times as often as the chart's would; a line a request; every
answer kept and made a table of. Off: nobody counts or writes anything (``tests/load/silent.py``).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import median
from typing import Any

from churnbench import ours
from churnbench.contenders import WHOLE_PATH, Contender
from churnbench.errors import BenchError
from churnbench.processes import Command
from churnbench.rounds import Measured
from churnbench.tables import markdown, spread
from churnbench.workplace import ROOT, Workplace

SCRAPE_SECONDS = 5
SILENT = "tests.load.silent"


def everything_off(workplace: Workplace, ports: Sequence[int]) -> list[Command]:
    """The whole path as silent as it can be."""
    return [silent(command) if command.name in ("gateway", "predictor") else command for command in
            ours.whole_path(workplace, ports)]  # fmt: skip


def silent(command: Command, server: str = "") -> Command:
    """The same server without its witnesses, or another one of ``tests/load/silent.py``."""
    python, _, module, *arguments = command.arguments
    assert module == f"churn_serving.{command.name}", module
    return replace(command, arguments=[python, "-m", SILENT, server or command.name, *arguments], folder=ROOT)


def everything_on(workplace: Workplace, ports: Sequence[int]) -> list[Command]:
    """The whole path with its log of answers, and a Prometheus that reads every process."""
    back_metrics, spare_metrics, front_metrics, log_metrics, own = (ports[place] for place in (3, 5, 6, 7, 8))
    commands = {command.name: command for command in ours.whole_path_logged(workplace, ports)}
    shipper, gateway = commands["shipper"], commands["gateway"]
    commands["shipper"] = replace(shipper, arguments=[*shipper.arguments, "--metrics-port", str(log_metrics)])
    shown = {"CHURN_GATEWAY_METRICS_PORT": str(front_metrics)}
    commands["gateway"] = replace(gateway, environment={**gateway.environment, **shown})
    read = [front_metrics, back_metrics, spare_metrics, log_metrics]
    return [prometheus(workplace, own, read), *commands.values()]


def prometheus(workplace: Workplace, port: int, read: Sequence[int]) -> Command:
    """One that reads these ports of this machine.

    Raises:
        BenchError: it is not installed.
    """
    program = shutil.which("prometheus")
    if program is None:
        raise BenchError("prometheus is not installed (Debian: prometheus)")
    home = workplace.folder / "prometheus"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    job = {"job_name": "churn", "static_configs": [{"targets": [f"127.0.0.1:{each}" for each in read]}]}
    document = {"global": {"scrape_interval": f"{SCRAPE_SECONDS}s"}, "scrape_configs": [job]}
    (home / "prometheus.yaml").write_text(json.dumps(document))  # which is YAML
    flags = [f"--config.file={home / 'prometheus.yaml'}", f"--storage.tsdb.path={home / 'series'}"]
    return Command("prometheus", [program, *flags, f"--web.listen-address=127.0.0.1:{port}"], home, {})


OFF = replace(WHOLE_PATH, name="churn-everything-off", group="witness", launch=everything_off)
ON = replace(WHOLE_PATH, name="churn-everything-on", group="witness", launch=everything_on)
WITNESSES: tuple[Contender, ...] = (OFF, ON)


def cost(table: Sequence[Measured]) -> list[dict[str, Any]]:
    """Of each figure what was found with everything off and on, and on divided by off, round by round."""
    rounds = {measured.contender.name: measured.rounds for measured in table}
    pairs = list(zip(rounds.get(OFF.name, []), rounds.get(ON.name, []), strict=False))
    figures: Sequence[tuple[str, Callable[[dict[str, Any]], float]]] = (
        ("requests a second, 32 connections", lambda found: found["closed"]["achieved_rate"]),
        ("p50 at 500 req/s, ms", lambda found: found["open"]["latency_ms"]["p50"]),
        ("p99 at 500 req/s, ms", lambda found: found["open"]["latency_ms"]["p99"]),
    )
    return [
        {
            "figure": figure,
            "off": [take(off) for off, _ in pairs],
            "on": [take(on) for _, on in pairs],
            "ratios": [take(on) / take(off) for off, on in pairs],
        }
        for figure, take in figures
        if pairs
    ]


def cost_table(found: Sequence[dict[str, Any]]) -> str:
    """One line a figure; nothing where nothing was measured."""
    if not found:
        return ""
    rows = [[each["figure"], *(spread(each[key], 2) for key in ("off", "on")), ratio(each["ratios"])] for each in found]
    return markdown(["everything on beside everything off", "off", "on", "on ÷ off, median [rounds]"], rows)


def ratio(ratios: Sequence[float]) -> str:
    """A median of rounds, with the lowest and the highest."""
    return f"{median(ratios):.3f} [{min(ratios):.3f}–{max(ratios):.3f}]"
