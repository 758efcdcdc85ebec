"""An hour in which all is well: does anybody get told of anything?

`make bench-healthy DATA=telco.csv` trains a model at its defaults, serves it with `churn up` and lets customers like
those it learned from be asked about at a steady rate, one to three in a request, some of them with reasons. Beside it
run a drift watch on the prediction log, and Prometheus and Alertmanager with every rule and route of `manifests/`, read
and evaluated as often as an operator would. What Alertmanager sends is kept, and so is what only began to hold.

The last line is JSON; the exit code is 1 where anybody was told, a rule could not be evaluated, or nothing was asked.
"""

import argparse
import asyncio
import contextlib
import csv
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import httpx

from churn_model.usecase import load_usecase
from churn_monitoring.drift import metrics as drift_metrics
from ports import free_port, free_ports_in_a_row
from tests.slo.watchers import Prometheus, Told, alertmanager, prometheus, told, until

_START_SECONDS = 300.0
_EVERY = 15.0
"""Seconds between two scrapes, two evaluations of a rule, and two looks at what fires."""
_PORTS = ("gateway", "gateway-grpc", "primary", "primary-grpc", "fallback")
_METRICS = 4
"""Gateway, primary, fallback and prediction log, at ports one after the other."""


@dataclass
class Asked:
    """What callers got, by code, and how many milliseconds after a request was due; `customers` were answered."""

    codes: Counter[int] = field(default_factory=Counter)
    served_by: Counter[str] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)
    customers: int = 0

    def within(self, share: float) -> float:
        """Milliseconds in which this share of requests had an answer."""
        took = sorted(self.milliseconds)
        return round(took[int(share * (len(took) - 1))], 2) if took else 0.0


def main() -> int:
    """Make what is missing, serve, watch, and say what came of it; 1 where anybody was told."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="IBM's telecom customers, CSV")
    parser.add_argument("--folder", type=Path, default=Path(".bench/healthy"), help="for what is made (%(default)s)")
    parser.add_argument("--minutes", type=float, default=60.0, help="(%(default)s)")
    parser.add_argument("--rate", type=float, default=20.0, help="requests a second (%(default)s)")
    options = parser.parse_args()
    folder = Path(options.folder).absolute() / f"{time.time():.0f}"
    folder.mkdir(parents=True)
    ports = {name: free_port() for name in _PORTS}
    metrics, drift = free_ports_in_a_row(_METRICS), free_port()
    home = {"CHURN_HOME": str(folder / "home")}
    serve = ["up", "--usecase", "telecom", "--data", str(options.data), "--budget", "0", "--metrics-port-base"]
    serve += [str(metrics), "--no-mlflow", "--no-marketing", "--no-prometheus"]
    serve += [word for name, port in ports.items() for word in (f"--{name}-port", str(port))]
    watch = ["drift", "watch", "--metrics-port", str(drift)]
    gateway = f"http://127.0.0.1:{ports['gateway']}"
    with told() as receiver, alertmanager(folder, receiver) as manager, _churn(folder / "up.log", serve, home):
        until(lambda: _ready(gateway), _START_SECONDS, lambda: (folder / "up.log").read_text()[-2000:])
        shown = [*range(metrics, metrics + _METRICS), drift]
        often = (f"{_EVERY:.0f}s", "10s")
        with _churn(folder / "drift.log", watch, home), prometheus(folder, shown, manager, *often) as watcher:
            return asyncio.run(_an_hour(options, gateway, watcher, receiver))


async def _an_hour(options: argparse.Namespace, gateway: str, watcher: Prometheus, receiver: Told) -> int:
    asked, begun = Asked(), time.monotonic()
    end = begun + 60 * options.minutes
    callers = asyncio.create_task(_ask(gateway, _customers(options.data), options.rate, end, asked))
    pending: set[str] = set()
    while not callers.done():
        await asyncio.wait([callers], timeout=_EVERY)
        alerts = await asyncio.to_thread(watcher.query, 'ALERTS{alertstate="pending"}')
        pending |= {one["metric"]["alertname"] for one in alerts}
        faulty = await asyncio.to_thread(watcher.faulty_rules)
        sys.stderr.write(
            f"{time.strftime('%H:%M:%S')} {sum(asked.codes.values()):,} requests, {dict(asked.codes)}, "
            f"{dict(asked.served_by)}; told {receiver.alerts or 'nobody'}\n"
        )
    callers.result()
    fired = {one["metric"]["alertname"] for one in watcher.query('max_over_time(ALERTS{alertstate="firing"}[2h])')}
    (counted,) = watcher.query(drift_metrics.CUSTOMERS)
    report = {
        "minutes": options.minutes,
        "requests": sum(asked.codes.values()),
        "customers": asked.customers,
        "codes": asked.codes,
        "served_by": asked.served_by,
        "milliseconds": {name: asked.within(share) for name, share in (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999))},
        "rules": len(watcher.rule_names()),
        "told": {path: sorted(names) for path, names in receiver.alerts.items()},
        "fired": sorted(fired),
        "pending": sorted(pending),
        "faulty_rules": faulty,
        "targets_up": f"{sum(float(one['value'][1]) for one in watcher.query('up')):.0f} of {len(watcher.targets())}",
        "customers_held_against_the_profile": round(float(counted["value"][1])),
    }
    sys.stdout.write(json.dumps(report) + "\n")
    return 1 if fired or receiver.alerts or faulty or set(asked.codes) != {200} else 0


async def _ask(gateway: str, customers: list[dict[str, Any]], rate: float, end: float, asked: Asked) -> None:
    """Each request leaves when it is due, however long another takes."""
    dealt, began = random.Random(12), time.monotonic()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(30)) as client, asyncio.TaskGroup() as group:
        for number in range(10**9):
            due = began + number / rate
            if due > end:
                return
            await asyncio.sleep(due - time.monotonic())
            chosen = dealt.choices(customers, k=1 + number % 3)
            named = [{"customer_id": f"c{number}-{place}", "features": each} for place, each in enumerate(chosen)]
            body = {"customers": named, "explain": number % 20 == 0}
            group.create_task(_one(client, f"{gateway}/v1/predictions", body, due, asked))


async def _one(client: aiohttp.ClientSession, url: str, body: dict[str, Any], due: float, asked: Asked) -> None:
    try:
        async with client.post(url, json=body) as answer:
            document = await answer.read()
            code = answer.status
    except (aiohttp.ClientError, TimeoutError):
        code = 0
    asked.codes[code] += 1
    if code == httpx.codes.OK:
        asked.milliseconds.append(1000 * (time.monotonic() - due))
        asked.customers += len(body["customers"])
        asked.served_by[json.loads(document)["served_by"]] += 1


def _customers(data: Path) -> list[dict[str, Any]]:
    usecase = load_usecase("telecom")
    with data.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    numbers = {one.name for one in usecase.features if one.type == "number"}
    return [
        {one.name: _cell(row[one.name], one.name in numbers) for one in usecase.features if one.name in row}
        for row in rows
    ]


def _cell(text: str, is_number: bool) -> str | float | None:
    if not text.strip():
        return None
    return float(text) if is_number else text


@contextlib.contextmanager
def _churn(log: Path, words: list[str], environment: dict[str, str]) -> Iterator[None]:
    with log.open("wb") as output:
        command = [sys.executable, "-m", "churn_cli", *words]
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=output, stderr=output)
    try:
        yield
        if process.poll() is not None:
            raise RuntimeError(f"churn {words[0]} ended: {log.read_text()[-2000:]}")
    finally:
        process.terminate()
        process.wait(120)


def _ready(gateway: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(f"{gateway}/readyz", timeout=10).status_code == httpx.codes.OK
    return False


if __name__ == "__main__":
    sys.exit(main())
