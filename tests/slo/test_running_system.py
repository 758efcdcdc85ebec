"""A real Prometheus reads a running system under load: no rule and no panel asks for what nobody shows, nothing fires
while all is well, and who must be woken is."""

import contextlib
import itertools
import math
import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from churn_model import PackageContents
from churn_model.prediction_log.pseudonyms import add_pseudonym_key
from churn_serving.gateway.key_file import add_key, entry_for, new_key
from churn_serving.telemetry import names
from ports import free_port
from real_processes import System, describe_system, running
from sample_package import PackageMaker, sample_rows, sample_schema
from tests.dashboards.boards import Query
from tests.prediction_log.shipper import ShipperProcess
from tests.slo.board_reader import BoardReader
from tests.slo.lateness import in_order
from tests.slo.looking_back import drift_watched, outcomes_shown, watchable_package
from tests.slo.manifests import FOREIGN, Selector, selectors
from tests.slo.watchers import Prometheus, Told, alertmanager, prometheus, told, until

# Only what hangs gets there, however busy the machine. That a total outage pages within two minutes is held to
# Prometheus' own time, in manifests/alerts/tests/gateway.yaml; here the seconds are written into the report.
STEP_SECONDS = 900.0
# Which need a backend to fail: asked for when that has been done.
FAILURE = {("served_by", "="), ("served_by", "=~"), ("outcome", "!~")}
PICTURES = os.environ.get("CHURN_PANELS")
"""Where what panels show is written while everything is gone but the gateway, for whoever draws them."""
KEY = new_key()
FEATURES = [
    {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in zip(sample_schema().names, row, strict=True)
    }
    for row in sample_rows(20, 3)
]
NUMBERS = itertools.count()


class Watched(NamedTuple):
    """A system under load, who watches it, who is told, the codes of its answers, and where its files are. Its canary
    is asked about copies at first."""

    system: Any
    prometheus: Prometheus
    boards: BoardReader
    told: Told
    codes: list[int]
    home: Path


def describe(package: Path, verify_key: Path, home: Path) -> System:
    """A gateway with everything on: keys, a log of answers, and a canary, which the fallback's process plays."""
    add_key(home / "api-keys.json", entry_for(KEY, "watched"))
    add_pseudonym_key(home / "keys" / "prediction-log.json", "first")
    (home / "percent").write_text('{"percent": 0, "shadow_percent": 50}')
    settings = {
        "API_KEYS": home / "api-keys.json",
        "PREDICTION_LOG": home / "segments",
        "PREDICTION_LOG_SEGMENT_SECONDS": 1,
        "CANARY_PERCENT_FILE": home / "percent",
    }
    named = {f"CHURN_GATEWAY_{name}": str(value) for name, value in settings.items()}
    described = describe_system(package, verify_key, home, **named)
    described.gateway.environment["CHURN_GATEWAY_CANARY_URL"] = described.fallback_url
    return described


@pytest.fixture(scope="module")
def watched(
    make_package: PackageMaker, contents: PackageContents, keys: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Watched]:
    home = tmp_path_factory.mktemp("home")
    package = watchable_package(make_package, contents)
    described = describe(package, keys.verify_path, home)
    ports = [described.ports[name] for name in ("metrics", "primary_metrics", "fallback_metrics")]
    shipping, drift, outcomes = (free_port() for _ in range(3))
    with (
        running(described) as system,
        ShipperProcess(home / "segments", str(home / "store"), home / "shipper.log", metrics_port=shipping),
        drift_watched(home, package, home / "store", keys.verify_path, drift),
        outcomes_shown(home, outcomes),
        told() as receiver,
        alertmanager(home, receiver) as manager,
        prometheus(home, [*ports, shipping, drift, outcomes], manager) as watcher,
        load(system) as codes,
    ):
        yield Watched(system, watcher, BoardReader(watcher), receiver, codes, home)


@contextlib.contextmanager
def load(system: Any) -> Iterator[list[int]]:
    """Some fifty requests a second, until it ends or nobody answers."""
    codes: list[int] = []
    ended = threading.Event()

    def ask() -> None:
        with httpx.Client(base_url=system.gateway_url, timeout=60, headers={"x-api-key": KEY}) as client:
            for number in range(100_000):
                if ended.wait(0.02):
                    return
                customers = [
                    {"customer_id": f"c{next(NUMBERS)}", "features": FEATURES[(number + one) % len(FEATURES)]}
                    for one in range(1 + number % 3)
                ]
                body = {"customers": customers, "explain": number % 20 == 0}
                try:
                    codes.append(client.post("/v1/predictions", json=body).status_code)
                except httpx.HTTPError:
                    codes.append(0)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield codes
    finally:
        ended.set()
        thread.join()


def shown(watcher: Prometheus, selector: Selector) -> bool:
    matchers = ",".join(f'{label}{operator}"{value}"' for label, operator, value in selector.matchers)
    return bool(watcher.query(f"{selector.metric}{{{matchers}}}"))


def needs_failure(selector: Selector) -> bool:
    return any((label, operator) in FAILURE for label, operator, _ in selector.matchers)


def hidden(watcher: Prometheus, *, failure: bool) -> list[Selector]:
    asked = [one for one in selectors() if one.metric not in FOREIGN and needs_failure(one) == failure]
    assert asked
    return [one for one in asked if not shown(watcher, one)]


def unanswered(watched: Watched) -> dict[int, int]:
    """What callers got instead of an answer, by code; without requests that were refused early, as Prometheus counts
    them: where the machine is busy with something else that is in order."""
    codes = Counter(watched.codes)
    codes[503] -= round(sum(float(one["value"][1]) for one in watched.prometheus.query(names.SHED)))
    return {code: count for code, count in codes.items() if code != 200 and count > 0}


def turned_away(system: System) -> None:
    """A caller without a key, and one who speaks something else."""
    assert httpx.get(f"{system.gateway_url}/v1/model", timeout=60).status_code == 401
    with socket.create_connection(("127.0.0.1", system.ports["gateway"]), 60) as stranger:
        stranger.sendall(b"good morning\r\n\r\n")
        assert stranger.recv(1)


def test_every_panel_shows_something_while_all_is_well(watched: Watched) -> None:
    boards = watched.boards

    def no_copies() -> list[Query]:
        return [one for one in boards.empty(rare=True) if any(each.startswith("churn_shadow") for each in one.metrics)]

    until(lambda: not no_copies(), STEP_SECONDS, no_copies)
    (watched.home / "percent").write_text("30")
    until(lambda: not boards.empty(rare=False), STEP_SECONDS, lambda: boards.empty(rare=False))
    assert boards.nothing_to_choose() == []


def test_a_system_that_is_well_shows_what_rules_ask_for_and_wakes_nobody(watched: Watched) -> None:
    watcher = watched.prometheus
    until(lambda: not hidden(watcher, failure=False), STEP_SECONDS, lambda: hidden(watcher, failure=False))
    recorded = 'count(slo:sli_error:ratio_rate5m{sloth_service="churn-gateway"} >= 0) == 4'
    until(lambda: watcher.query(recorded), STEP_SECONDS, lambda: watcher.query("slo:sli_error:ratio_rate5m"))
    until(lambda: not watcher.unrecorded(), STEP_SECONDS, watcher.unrecorded)
    log_is_fresh = 'slo:sli_error:ratio_rate5m{sloth_slo="log-freshness"} == 0'
    until(lambda: watcher.query(log_is_fresh), STEP_SECONDS, lambda: watcher.query("churn:prediction_log_stale:bool"))
    until(lambda: len(watched.codes) > 200, STEP_SECONDS, lambda: len(watched.codes))
    assert watcher.faulty_rules() == []
    told = watcher.firing() & {"ChurnGatewayAvailability", "ChurnServedByPrimary", "ChurnGatewayAbsent"}
    told |= watched.told.alerts.get("pager", set())
    assert told <= in_order(watcher), "somebody was woken"
    until(lambda: not unanswered(watched), STEP_SECONDS, lambda: unanswered(watched))


def test_a_dead_primary_is_told_although_every_request_is_answered(watched: Watched) -> None:
    watched.system.primary.signal(signal.SIGKILL)
    until(
        lambda: "ChurnServedByPrimary" in watched.told.alerts.get("pager", ()),
        STEP_SECONDS,
        lambda: (watched.prometheus.firing(), watched.told.alerts),
    )
    assert watched.prometheus.firing() & {"ChurnGatewayAvailability"} <= in_order(watched.prometheus)
    until(lambda: not unanswered(watched), STEP_SECONDS, lambda: unanswered(watched))


def test_without_any_backend_the_scorecard_wakes_somebody(watched: Watched) -> None:
    watched.system.fallback.signal(signal.SIGKILL)
    until(
        lambda: "ChurnDegradedAnswers" in watched.told.alerts.get("pager", ()),
        STEP_SECONDS,
        lambda: (watched.prometheus.firing(), watched.told.alerts),
    )
    until(
        lambda: not hidden(watched.prometheus, failure=True),
        STEP_SECONDS,
        lambda: hidden(watched.prometheus, failure=True),
    )
    turned_away(watched.system)
    until(lambda: not watched.boards.empty(rare=True), STEP_SECONDS, lambda: watched.boards.empty(rare=True))
    if PICTURES:
        watched.boards.write(Path(PICTURES))
    until(lambda: not unanswered(watched), STEP_SECONDS, lambda: unanswered(watched))


def test_a_total_outage_pages(watched: Watched, record_testsuite_property: Callable[[str, object], None]) -> None:
    watched.system.gateway.signal(signal.SIGKILL)
    died = time.monotonic()
    until(
        lambda: "ChurnGatewayAbsent" in watched.told.alerts.get("pager", ()),
        STEP_SECONDS,
        lambda: (time.monotonic() - died, watched.prometheus.firing()),
    )
    record_testsuite_property("seconds until somebody was paged", round(time.monotonic() - died))
