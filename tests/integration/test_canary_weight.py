"""A canary's share changes under a running gateway: customers move to it and back, and each stays on one side; or it is
asked about copies, which nobody notices."""

import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

import httpx
import pytest

from churn_model.prediction_log.pseudonyms import add_pseudonym_key
from patience import PATIENCE_SECONDS, PatientTransport, by_a_model, post, who_served
from real_processes import describe_system, running
from sample_package import PackageMaker
from tests.integration.split_system import (
    FEATURES,
    Split,
    accounted,
    ask_every_door,
    by_primary,
    metric,
    metrics,
    total,
    wait_until,
)
from tests.integration.tcp_proxy import Holder, serving
from tests.prediction_log.segments import customers

CUSTOMERS = [f"customer-{number}" for number in range(40)]
LOST_SECONDS = 10.0
"""A copy whose answer has not come by then never will, as on a machine where the canary was late for it."""
REFUSED = 'churn_canary_weight_loads_total{outcome="refused"}'


@pytest.fixture(scope="module")
def weight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file: Path = tmp_path_factory.mktemp("weight") / "percent"
    file.write_text("0")
    return file


@pytest.fixture(scope="module")
def split(
    package_folder: Path, make_package: PackageMaker, keys: Any, weight: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Split]:
    """A system whose fallback serves another model and is its canary too, with what may hold calls in between."""
    home = tmp_path_factory.mktemp("home")
    system = describe_system(package_folder, keys.verify_path, home, CHURN_GATEWAY_CANARY_PERCENT_FILE=str(weight))
    candidate = make_package(version="2", seed=3)
    system.fallback.command[system.fallback.command.index("--model") + 1] = str(candidate)
    between, kept = Holder(system.ports["fallback"], b"/infer "), home / "answers"
    between.go.set()
    add_pseudonym_key(home / "keys" / "prediction-log.json", "first")
    system.gateway.environment["CHURN_GATEWAY_PREDICTION_LOG"] = str(kept)
    with serving(between):
        system.gateway.environment["CHURN_GATEWAY_CANARY_URL"] = between.url
        with running(system):
            wait_until(lambda: metric(system, 'churn_model_info{backend="canary"') == 1, system)
            yield Split(**vars(system), between=between, kept=kept)


def place(customer: str) -> float:
    """Where a customer stands between 0 and 1, as :mod:`churn_serving.core.routing` writes it down."""
    return int.from_bytes(blake2b(customer.encode(), digest_size=8).digest(), "big") / 2**64


def on_the_canary(system: Any) -> set[str]:
    """Who is answered by it."""
    with httpx.Client(base_url=system.gateway_url, timeout=30, transport=PatientTransport()) as client:
        return {customer for customer in CUSTOMERS if asked_first(client, customer, system) == "canary"}


def asked_first(client: httpx.Client, customer: str, system: Any) -> str:
    """Canary, or the primary where the gateway does not say that it only stood in for the canary. Another steps in
    where a busy machine makes them late, and while one is left alone for that, so ask again."""
    body = {"customers": [{"customer_id": customer, "features": FEATURES}]}
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        before = stood_in(system)
        served_by: str = client.post("/v1/predictions", json=body).json()["served_by"]
        if served_by == "canary" or (served_by == "primary" and stood_in(system) == before):
            return served_by
        assert time.monotonic() < deadline, system.gateway.tail()
        time.sleep(0.2)


def stood_in(system: Any) -> float:
    """For how many requests others have answered in the canary's place."""
    return total(system, "churn_fallback_total{", 'backend="canary"')


def set_weight(system: Any, weight: Path, percent: float) -> None:
    weight.write_text(str(percent))
    wait_until(lambda: metric(system, "churn_canary_share") == percent / 100, system)


def test_customers_move_to_the_canary_and_back(split: Split, weight: Path) -> None:
    assert on_the_canary(split) == set()
    former: set[str] = set()
    for percent in (10, 50, 100):
        set_weight(split, weight, percent)
        found = on_the_canary(split)
        assert found == {customer for customer in CUSTOMERS if place(customer) < percent / 100}
        assert former <= found
        former = found
    set_weight(split, weight, 0)
    assert on_the_canary(split) == set()


def test_a_broken_weight_is_counted_and_changes_nothing(split: Split, weight: Path) -> None:
    set_weight(split, weight, 50)
    before = metric(split, REFUSED)
    weight.write_text("half")
    wait_until(lambda: metric(split, REFUSED) > before, split)
    assert on_the_canary(split) == {customer for customer in CUSTOMERS if place(customer) < 0.5}


def test_a_gateway_whose_weight_cannot_be_read_does_not_start(tmp_path: Path, keys: Any) -> None:
    command = [sys.executable, "-m", "churn_serving.gateway", "--canary-percent-file", str(tmp_path / "percent")]
    ended = subprocess.run(
        [*command, "--home", str(tmp_path), "--verify-key", str(keys.verify_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1].startswith("gateway: CHURN_GATEWAY_CANARY_PERCENT_FILE: ")


def copy_everything(system: Any, weight: Path) -> None:
    weight.write_text('{"percent": 0, "shadow_percent": 100}')
    wait_until(lambda: metric(system, "churn_shadow_share") == 1 and metric(system, "churn_canary_share") == 0, system)
    # A busy machine may have made it late; what it was asked to be copied for is not asked of one that is left alone.
    for backend in ("canary", "primary"):
        wait_until(lambda backend=backend: metric(system, f'churn_backend_state{{backend="{backend}"}}') == 0, system)  # type: ignore[misc]


def test_whatever_the_primary_answers_is_copied_once_and_kept_once(split: Split, weight: Path) -> None:
    copy_everything(split, weight)
    before = accounted(split), by_primary(split), len(customers(split.kept))
    for _ in range(5):
        ask_every_door(split)
    wait_until(lambda: accounted(split) - before[0] == by_primary(split) - before[1] > 0, split)
    assert len(customers(split.kept)) - before[2] == 15
    assert total(split, "churn_shadow_calls_total{", 'outcome="answered"') > 0
    weight.write_text("0")
    wait_until(lambda: metric(split, "churn_shadow_share") == 0, split)
    before = accounted(split), 0.0, 0
    ask_every_door(split)
    assert accounted(split) == before[0]


def test_differences_are_those_of_what_both_models_say(split: Split, weight: Path) -> None:
    asked = [{"customer_id": str(n), "features": {**FEATURES, "tenure": 2 * n + 1}} for n in range(30)]

    def said(by: str) -> list[float]:
        """What this one says of them, in one request; asked again where a busy machine makes it late."""
        ask = partial(post, f"{split.gateway_url}/v1/predictions", json={"customers": asked}, timeout=30)
        found = by_a_model(ask, who_served, by).json()
        return [one["churn_probability"] for one in found["predictions"]]

    set_weight(split, weight, 100)
    candidate = said("canary")
    copy_everything(split, weight)
    names = ("churn_shadow_difference_count{", "churn_shadow_difference_bucket{", "churn_shadow_shift_total{")
    before = {line: value for name in names for line, value in metrics(split, name)}
    answered = said("primary")
    again_at = time.monotonic() + LOST_SECONDS
    grown: dict[str, float] = {}

    def all_counted() -> bool:
        nonlocal again_at
        if time.monotonic() > again_at:
            assert said("primary") == answered
            again_at = time.monotonic() + LOST_SECONDS
        found = {line: value for name in names for line, value in metrics(split, name)}
        grown.update({line: value - before.get(line, 0.0) for line, value in found.items()})
        return sum(value for line, value in grown.items() if line.startswith(names[0])) >= len(asked)

    wait_until(all_counted, split)
    shifts = [one - other for one, other in zip(candidate, answered, strict=True)]
    times = next(value for line, value in grown.items() if line.startswith(names[0])) / len(asked)
    for bound in ("0.001", "0.01", "0.02", "0.05", "0.1", "0.5", "+Inf"):
        (counted,) = (value for line, value in grown.items() if f'le="{bound}"' in line)
        assert counted == times * sum(abs(shift) <= float(bound) for shift in shifts), bound
    assert any(abs(shift) > 0.001 for shift in shifts)
    higher, lower = (
        next(value for line, value in grown.items() if f'direction="{way}"' in line) for way in ("higher", "lower")
    )
    assert (higher - lower) / times == pytest.approx(sum(shifts), abs=1e-6)
    assert (higher + lower) / times == pytest.approx(sum(map(abs, shifts)), abs=1e-6)


def test_answers_arrive_while_the_canary_holds_its_copies(split: Split, weight: Path) -> None:
    copy_everything(split, weight)
    wait_until(lambda: metric(split, 'churn_backend_calls_in_flight{backend="canary",lane="shadow"}') == 0, split)
    compared = total(split, "churn_shadow_difference_count{")
    split.between.go.clear()
    held, late = split.between.held, total(split, "churn_shadow_calls_total{", 'outcome="timeout"')
    body = {"customers": [{"customer_id": "a", "features": FEATURES}]}
    with httpx.Client(base_url=split.gateway_url, timeout=30, transport=PatientTransport()) as client:
        answers: list[str] = []

        def the_canary_is_left_alone() -> bool:
            answers.append(client.post("/v1/predictions", json=body).json()["served_by"])
            return total(split, "churn_shadow_calls_total{", 'outcome="open"') > 0

        wait_until(the_canary_is_left_alone, split)
    assert "primary" in answers
    assert set(answers) <= {"primary", "fallback", "degraded"}
    assert split.between.held > held
    assert not split.between.go.is_set()
    assert total(split, "churn_shadow_calls_total{", 'outcome="timeout"') > late
    assert total(split, "churn_shadow_difference_count{") == compared


def test_a_gateway_ends_while_the_canary_still_holds_its_copies(split: Split, weight: Path) -> None:
    split.between.go.set()
    copy_everything(split, weight)
    split.between.go.clear()
    held = split.between.held
    body = {"customers": [{"customer_id": "a", "features": FEATURES}]}

    def one_is_held() -> bool:
        assert post(f"{split.gateway_url}/v1/predictions", json=body).status_code == 200
        return split.between.held > held

    wait_until(one_is_held, split)
    assert split.gateway.stop() == 0
    assert not split.between.go.is_set()
    assert "Traceback" not in split.gateway.tail()
