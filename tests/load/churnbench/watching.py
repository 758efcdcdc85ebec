"""What each witness costs a gateway's processor, and how much less the whole path carries: gateways that differ in one
of them, side by side in front of one primary, asked in turn.

One figure is the processor time of the gateway's process for one answered request, by the kernel's own clock of that
process, so that neither the load generator nor whatever else the machine does is in it. The other is requests a second
of a closed loop, in which gateway, primary and generator share the processors. Both are compared within a round, since
a processor shared with others is faster in some rounds than in others.
"""

from __future__ import annotations

import dataclasses
import itertools
import random
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from statistics import median, quantiles
from typing import NamedTuple

from churn_serving.telemetry.names import MODEL_SERVER_REQUESTS
from churnbench import ours
from churnbench.contenders import HOST
from churnbench.errors import BenchError
from churnbench.generator import Generator, Load
from churnbench.http import ask
from churnbench.processes import Command, Server, free_ports, running, wait_until
from churnbench.tables import markdown
from churnbench.witnesses import silent
from churnbench.workplace import Workplace, run_quietly

OFF = "off"
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
START_SECONDS = 90.0
CONNECTIONS = {False: 32, True: 64}
"""In flight at most: in a closed loop, and where requests leave on a schedule."""
_CLOCK_OF_ALL_THREADS = 2  # CPUCLOCK_SCHED, as clock_getcpuclockid(3) makes a process's clock
_FEW = 2
"""Rounds of which there are no quartiles yet."""
_RESAMPLES = 4000


@dataclass(frozen=True)
class Watched:
    """A way to be watched: which gateway answers (several ways may share one), and how it is asked."""

    gateway: str
    words: str
    traced: bool = False


@dataclass(frozen=True)
class Kind:
    """A gateway: `without` which witnesses (a server of ``tests/load/silent.py``), and its settings."""

    without: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    kept: bool = False
    canary: bool = False
    former: bool = False


class Found(NamedTuple):
    """Microseconds of the gateway's processor for one request, how many requests shared a call to the primary (a call
    costs the gateway more than a request does, and by how many it is shared is chance where processors are), and how
    many were answered in a second."""

    microseconds: float
    together: float
    a_second: float


KINDS: Mapping[str, Kind] = {
    OFF: Kind(without="gateway"),
    "usual": Kind(),
    "lines": Kind(settings={"CHURN_GATEWAY_REQUEST_LOG_LINES_PER_SECOND": "0"}),
    "canary": Kind(canary=True),
    "kept": Kind(kept=True),
    "former": Kind(former=True),
    "former-kept": Kind(former=True, kept=True),
    "former-canary": Kind(former=True, canary=True),
}
WAYS: Mapping[str, Watched] = {
    OFF: Watched(OFF, "nobody counts or writes"),
    "usual": Watched("usual", "metrics and lines, as it always is"),
    "lines": Watched("lines", "metrics and a line for every answer, however many"),
    "traced": Watched("usual", "the same, every request part of a kept trace (an exemplar each)", traced=True),
    "canary": Watched("canary", "metrics and lines, and a canary without customers or copies"),
    "kept": Watched("kept", "metrics, lines and every answer in the prediction log"),
    "all": Watched("kept", "the same, every request part of a kept trace", traced=True),
    "former": Watched("former", "metrics and lines of the former commit"),
    "former-kept": Watched("former-kept", "the former commit's with its prediction log"),
    "former-canary": Watched("former-canary", "the former commit's with a canary without customers or copies"),
}


class Gateways:
    """Primary and gateways as processes; `former`: whose code those of the former commit run."""

    def __init__(self, workplace: Workplace, former: Workplace | None, ways: Sequence[str]) -> None:
        self._workplace = workplace
        kinds = list(dict.fromkeys(WAYS[way].gateway for way in ways))
        primary, grpc, metrics, *ports = free_ports(3 + len(kinds))
        self.ports = dict(zip(kinds, ports, strict=True))
        self._primary, self._primary_metrics = primary, metrics
        self._commands = [
            *ours.predictor(workplace, [primary, grpc, metrics]),
            *(self._command(kind, former) for kind in kinds),
        ]
        self.pids: dict[str, int] = {}

    def running(self) -> AbstractContextManager[list[Server]]:
        """Start them all."""
        return running(self._commands, self._workplace.logs / "watching")

    def wait(self, servers: list[Server]) -> None:
        """Until every one of them answers."""
        for server, kind in zip(servers[1:], self.ports, strict=True):
            wait_until(partial(asks_the_primary, self.ports[kind]), servers, START_SECONDS, kind)
            self.pids[kind] = server.pid

    def calls(self) -> float:
        """How many calls the primary has answered so far."""
        _, content = ask(f"http://{HOST}:{self._primary_metrics}/metrics")
        lines = (line for line in content.decode().splitlines() if line.startswith(MODEL_SERVER_REQUESTS))
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    def _command(self, name: str, former: Workplace | None) -> Command:
        kind = KINDS[name]
        whose = self._workplace
        if kind.former:
            if former is None:
                raise BenchError(f"{name}: say which commit by --against")
            whose = former
        settings = {**kind.settings, "CHURN_GATEWAY_FALLBACK_URL": ""}
        if kind.canary:
            settings["CHURN_GATEWAY_CANARY_URL"] = f"http://{HOST}:{self._primary}"
        if kind.kept:
            settings |= self._kept(name)
        (command,) = ours.gateway(whose, self.ports[name], self._primary, 0, **settings)
        if kind.without:
            command = silent(command, kind.without)
        return dataclasses.replace(command, name=name)

    def _kept(self, name: str) -> dict[str, str]:
        home = self._workplace.folder / "watching" / name
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        keys = str(home / "keys.json")
        new_key = [str(self._workplace.python), "-m", "churn_cli", "log", "new-key", "--keys", keys]
        run_quietly(new_key, self._workplace.logs / "log-key.log", self._workplace.our_environment())
        return {"CHURN_GATEWAY_PREDICTION_LOG": str(home / "segments"), "CHURN_GATEWAY_PREDICTION_LOG_KEYS": keys}


def asks_the_primary(port: int) -> bool:
    """Whether a gateway is ready and no scorecard stands in."""
    return b'"ready"' in ask(f"http://{HOST}:{port}{ours.READY}")[1]


def spent(pid: int) -> float:
    """Seconds of processor that a process has used, all its threads together."""
    return time.clock_gettime((~pid << 3) | _CLOCK_OF_ALL_THREADS)


def measure(
    workplace: Workplace, generator: Generator, gateways: Gateways, way: str, seconds: float, rate: float
) -> Found:
    """What so many seconds of load have come to.

    Raises:
        BenchError: not every request was answered by the primary.
    """
    watched = WAYS[way]
    load = Load(
        url=f"http://{HOST}:{gateways.ports[watched.gateway]}{ours.PREDICTIONS}",
        bodies=workplace.bodies("gateway.jsonl"),
        rate=rate,
        connections=CONNECTIONS[rate > 0],
        seconds=seconds,
        warmup=0,
        counted={"primary": '"served_by":"primary"'},
        traceparent=TRACEPARENT if watched.traced else "",
    )
    pid = gateways.pids[watched.gateway]
    calls, before = gateways.calls(), spent(pid)
    report = generator.run(load)
    used, calls = spent(pid) - before, gateways.calls() - calls
    answered: int = report["ok"]
    if report["failed"] or report["counts"]["primary"] != answered or not answered:
        raise BenchError(
            f"{way}: {report['failed']} failed, {report['counts']['primary']} of {answered} by the primary"
        )
    return Found(1e6 * used / answered, answered / calls, report["achieved_rate"])


def table(found: Mapping[str, Sequence[Found]], base: str = OFF) -> str:
    """Microseconds of each way, and what it takes more than another in the same round: median, and the middle half."""
    rows = []
    for way, measured in found.items():
        others = found.get(base, ()) if way != base else ()
        pairs = [(one.microseconds, other.microseconds) for one, other in zip(measured, others, strict=False)]
        more = middle([one - other for one, other in pairs], 2)
        share = middle([100 * (one / other - 1) for one, other in pairs], 1)
        together = middle([one.together for one in measured], 1)
        rows.append([way, WAYS[way].words, middle([one.microseconds for one in measured], 1), more, share, together])
    head = ["", "a gateway with", "µs of processor a request", f"more than {base}, µs", "%", "requests a call"]
    return markdown(head, rows)


def carried(found: Mapping[str, Sequence[Found]], starts: int, base: str = OFF) -> str:
    """Requests a second of each way, and what they are of another's in the same round: the median of rounds, with a
    95 % bootstrap interval over ``starts``, since rounds of the same processes have much in common."""
    rows = []
    for way, measured in found.items():
        others = found.get(base, ()) if way != base else ()
        ratios = [one.a_second / other.a_second for one, other in zip(measured, others, strict=False)]
        rows.append([way, WAYS[way].words, middle([one.a_second for one in measured], 0), _interval(ratios, starts)])
    return markdown(["", "a gateway with", "requests a second", f"of those of {base} [95 % interval]"], rows)


def _interval(ratios: Sequence[float], starts: int) -> str:
    """The median with its interval: :data:`_RESAMPLES` times as many starts drawn with replacement."""
    if not ratios or starts <= _FEW:
        return f"{median(ratios):.3f}" if ratios else "–"
    rounds = len(ratios) // starts
    each = [ratios[start * rounds : (start + 1) * rounds] for start in range(starts)]
    dealt = random.Random(len(ratios))
    medians = sorted(median(itertools.chain(*dealt.choices(each, k=starts))) for _ in range(_RESAMPLES))
    low, high = medians[round(0.025 * _RESAMPLES)], medians[round(0.975 * _RESAMPLES) - 1]
    return f"{median(ratios):.3f} [{low:.3f}–{high:.3f}]"


def middle(values: Sequence[float], digits: int) -> str:
    """A median, with the quartiles of rounds."""
    if not values:
        return "–"
    if len(values) <= _FEW:
        return f"{median(values):.{digits}f}"
    low, _, high = quantiles(values, n=4)
    return f"{median(values):.{digits}f} [{low:.{digits}f}–{high:.{digits}f}]"
