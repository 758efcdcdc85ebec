"""What it costs to be watched: the whole path with its witnesses beside the same with none, in the same rounds.

None: nobody counts or writes anything (``tests/load/silent.py``). Then one after the other comes on: metrics of all
processes, read by a Prometheus three times as often as the chart's would, and a line a request, as it always is; traces
of the share of requests that is kept unless somebody sets another; every answer kept and made a table of.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import median
from typing import Any

from churnbench import ours
from churnbench.contenders import WHOLE_PATH, Contender, Launch
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


def watched(workplace: Workplace, ports: Sequence[int]) -> list[Command]:
    """The whole path as it always is, and a Prometheus that reads every process."""
    return _read(workplace, ports, ours.whole_path(workplace, ports))


def traced(workplace: Workplace, ports: Sequence[int]) -> list[Command]:
    """The same, and gateway and primary tell a collector of traces."""
    return _told(ports, watched(workplace, ports))


def everything_on(workplace: Workplace, ports: Sequence[int]) -> list[Command]:
    """The same with its log of answers."""
    return _told(ports, _read(workplace, ports, ours.whole_path_logged(workplace, ports)))


def _read(workplace: Workplace, ports: Sequence[int], path: Sequence[Command]) -> list[Command]:
    back_metrics, spare_metrics, front_metrics, log_metrics, own = (ports[place] for place in (3, 5, 6, 7, 8))
    read, commands = [front_metrics, back_metrics, spare_metrics], []
    for command in path:
        shown = command
        if command.name == "shipper":
            read.append(log_metrics)
            shown = replace(command, arguments=[*command.arguments, "--metrics-port", str(log_metrics)])
        if command.name == "gateway":
            shown = _with(command, CHURN_GATEWAY_METRICS_PORT=str(front_metrics))
        commands.append(shown)
    return [prometheus(workplace, own, read), *commands]


def _told(ports: Sequence[int], path: Sequence[Command]) -> list[Command]:
    url = f"http://127.0.0.1:{ports[9]}/v1/traces"
    arguments = [sys.executable, str(ROOT / "tests" / "load" / "collector.py"), str(ports[9])]
    settings = {"gateway": "CHURN_GATEWAY_TRACES_URL", "predictor": "CHURN_PREDICTOR_TRACES_URL"}
    commands = [
        _with(command, **{settings[command.name]: url}) if command.name in settings else command for command in path
    ]
    return [Command("collector", arguments, ROOT, {}), *commands]


def _with(command: Command, **settings: str) -> Command:
    return replace(command, environment={**command.environment, **settings})


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
_LAUNCHES: Sequence[tuple[str, Launch, str]] = (
    ("churn-watched", watched, "metrics and a line a request"),
    ("churn-traced", traced, "and traces"),
    ("churn-everything-on", everything_on, "and every answer kept"),
)
STEPS = {words: replace(WHOLE_PATH, name=name, group="witness", launch=launch) for name, launch, words in _LAUNCHES}
WITNESSES: tuple[Contender, ...] = (OFF, *STEPS.values())
FIGURES: Sequence[tuple[str, Callable[[dict[str, Any]], float]]] = (
    ("requests a second, 32 connections", lambda found: found["closed"]["achieved_rate"]),
    ("p50 at 500 req/s, ms", lambda found: found["open"]["latency_ms"]["p50"]),
    ("p99 at 500 req/s, ms", lambda found: found["open"]["latency_ms"]["p99"]),
)


def cost(table: Sequence[Measured]) -> list[dict[str, Any]]:
    """Of each figure what was found with everything off and with witnesses on, and on divided by off, round by
    round."""
    rounds = {measured.contender.name: measured.rounds for measured in table}
    found = []
    for words, contender in STEPS.items():
        pairs = list(zip(rounds.get(OFF.name, []), rounds.get(contender.name, []), strict=False))
        for figure, take in FIGURES if pairs else ():
            off, on = [take(one) for one, _ in pairs], [take(other) for _, other in pairs]
            ratios = [other / one for one, other in zip(off, on, strict=True)]
            found.append({"figure": figure, "witnesses": words, "off": off, "on": on, "ratios": ratios})
    return found


def cost_table(found: Sequence[dict[str, Any]]) -> str:
    """One line a figure and witness; nothing where nothing was measured."""
    if not found:
        return ""
    rows = [
        [each["witnesses"], each["figure"], *(spread(each[key], 2) for key in ("off", "on")), ratio(each["ratios"])]
        for each in found
    ]
    return markdown(["witnesses, one more a step", "figure", "off", "on", "on ÷ off, median [rounds]"], rows)


def ratio(ratios: Sequence[float]) -> str:
    """A median of rounds, with the lowest and the highest."""
    return f"{median(ratios):.3f} [{min(ratios):.3f}–{max(ratios):.3f}]"
