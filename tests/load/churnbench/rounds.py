"""Interleaved rounds: every contender once a round, each time freshly started, so that a machine that speeds up and
slows down does so for all of them.

Knows how to measure one contender; what the figures mean is for others.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from churnbench.console import progress
from churnbench.contenders import Contender
from churnbench.errors import BenchError
from churnbench.generator import Generator, Load, Report
from churnbench.http import answers_probability, ask, is_ok
from churnbench.processes import Server, free_ports, running, wait_until
from churnbench.workplace import Workplace

PORTS = 10
START_SECONDS = 90.0
SATURATION_CONNECTIONS = 32
OPEN_CONNECTIONS = 64
OPEN_RATE = 500.0
GRPC_CHANNELS = 8
SERVER_CORE, GENERATOR_CORE = 0, 1


@dataclass
class Measured:
    """All rounds of one contender; `failure` says why there is none, or not all."""

    contender: Contender
    rounds: list[dict[str, Any]] = field(default_factory=list)
    failure: str = ""

    def to_json(self) -> dict[str, Any]:
        """For the results file."""
        contender = self.contender
        return {
            "group": contender.group,
            "pinned": contender.pinned,
            "rounds": self.rounds,
            "failure": self.failure,
        }


@dataclass(frozen=True)
class Plan:
    """How long to measure."""

    rounds: int
    seconds: float
    ends: float
    """Moment (monotonic clock) after which nothing new begins."""


def measure_all(
    workplace: Workplace, generator: Generator, contenders: Sequence[Contender], plan: Plan
) -> list[Measured]:
    """Every contender in every round; one that fails is reported and not tried again."""
    table = [Measured(contender) for contender in contenders]
    for number in range(1, plan.rounds + 1):
        # To and fro, so that nobody always comes after the same neighbour.
        for measured in table if number % 2 else reversed(table):
            if measured.failure:
                continue
            if time.monotonic() > plan.ends:
                measured.failure = f"time was up before round {number}"
                continue
            progress(f"round {number}/{plan.rounds}: {measured.contender.name}")
            try:
                measured.rounds.append(measure(workplace, generator, measured.contender, plan.seconds))
            except BenchError as error:
                measured.failure = str(error)
                progress(f"{measured.contender.name} could not be measured: {error}")
    return table


def measure(workplace: Workplace, generator: Generator, contender: Contender, seconds: float) -> dict[str, Any]:
    """Start, ask once, saturate, then 500 requests a second; stop.

    The second load has no warm-up: the first one was it, and a backlog of it would be served before what counts.
    """
    with started(workplace, contender) as (servers, start_seconds, common):
        closed = generator.run(Load(**common, rate=0, connections=SATURATION_CONNECTIONS, seconds=seconds))
        opened = generator.run(Load(**common, rate=OPEN_RATE, connections=OPEN_CONNECTIONS, seconds=seconds, warmup=0))
        for server in servers:
            server.check_alive()
    show(contender, closed, opened)
    names = [server.command.name for server in servers]
    return {"start_seconds": round(start_seconds, 2), "processes": names, "closed": closed, "open": opened}


@contextmanager
def started(workplace: Workplace, contender: Contender) -> Iterator[tuple[list[Server], float, dict[str, Any]]]:
    """A contender that answers rightly: its servers, the seconds that took, and what all loads on it have in common."""
    workplace = contender.workplace or workplace
    ports = free_ports(PORTS)
    url = f"http://127.0.0.1:{ports[0]}{contender.path}"
    core = SERVER_CORE if contender.pinned else None
    with running(contender.launch(workplace, ports), workplace.logs / contender.name, core) as servers:
        question = f"{contender.name}: an answer with the model's probability"
        seconds = wait_until(lambda: answers(workplace, contender, url, ports), servers, START_SECONDS, question)
        common = {
            "url": url,
            "bodies": workplace.bodies(contender.bodies),
            "grpc": contender.grpc,
            "channels": GRPC_CHANNELS if contender.grpc else 0,
            "pids": [server.pid for server in servers],
            "core": GENERATOR_CORE if contender.pinned else None,
            "counted": contender.counted,
        }
        yield servers, seconds, common


def answers(workplace: Workplace, contender: Contender, url: str, ports: Sequence[int]) -> bool:
    """Whether it is ready and answers the first customer rightly; by gRPC only whether it is ready."""
    if not all(is_ok(f"http://127.0.0.1:{ports[position]}{path}") for position, path in contender.ready):
        return False
    if contender.grpc:
        return True
    with workplace.bodies(contender.bodies).open("rb") as bodies:
        status, content = ask(url, bodies.readline().strip())
    return status == HTTPStatus.OK and (not contender.proves or answers_probability(content, workplace.expected()[0]))


def show(contender: Contender, closed: Report, opened: Report) -> None:
    """One line of progress with what was found."""
    progress(
        f"  {contender.name}: {closed['achieved_rate']:.0f} req/s; "
        f"at 500 req/s {opened['achieved_rate']:.0f} served, p99 {opened['latency_ms']['p99']:.1f} ms, "
        f"{closed['failed'] + opened['failed']} errors, {opened['unserved']} unserved"
    )
