"""A gateway that never met a backend answers from the description that it was given, and from nothing else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from churn_model import open_package
from patience import post, until
from real_processes import System, describe_system, end

FEATURES = {"tenure": 3, "Contract": "Month-to-month", "charges": 70.5, "Payment": "Check", "Senior Citizen": 0}
BODY = {"customers": [{"customer_id": "c", "features": FEATURES}]}


@pytest.fixture
def given(tmp_path: Path) -> Path:
    return tmp_path / "given" / "description.json"


@pytest.fixture
def system(package_folder: Path, keys: Any, tmp_path: Path, given: Path) -> Iterator[System]:
    """Nothing of it is started: a new pod while everything else is down."""
    made = describe_system(package_folder, keys.verify_path, tmp_path, CHURN_GATEWAY_LAST_KNOWN_MODEL=str(given))
    yield made
    end(*made.services)


def shown(system: System, keys: Any) -> dict[str, Any]:
    """What the primary shows of its model."""
    return open_package(system.model, keys.trusted).description.to_documents()


def asked(system: System) -> dict[str, Any]:
    answer = post(f"{system.gateway_url}/v1/predictions", json=BODY)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def test_a_new_gateway_answers_from_what_it_was_given_until_a_backend_describes_itself(
    system: System, keys: Any, given: Path
) -> None:
    given.parent.mkdir()
    given.write_bytes(msgspec.json.encode(shown(system, keys)))
    system.gateway.start()
    system.gateway.wait_ready()
    document = asked(system)
    assert document["served_by"] == "degraded"
    assert document["model"]["digest"] == open_package(system.model, keys.trusted).digest
    # It was told, not learned: what is kept for the next start is a backend's own word alone.
    assert not (given.parents[1] / "gateway" / "description.json").exists()
    system.primary.start()
    system.primary.wait_ready()
    until(lambda: asked(system)["served_by"] == "primary", system.gateway.tail)
    assert (given.parents[1] / "gateway" / "description.json").exists()


def test_a_description_may_come_later_and_none_is_believed_that_nobody_trusted_signed(
    system: System, keys: Any, given: Path
) -> None:
    documents = shown(system, keys)
    forged = {**documents, "files": {**documents["files"], "scorecard.json": "{}"}}
    given.parent.mkdir()
    given.write_bytes(msgspec.json.encode(forged))
    system.gateway.start()
    until(lambda: "CHURN_GATEWAY_LAST_KNOWN_MODEL" in system.gateway.tail(), system.gateway.tail)
    assert "scorecard.json" in system.gateway.tail()
    assert httpx.get(f"{system.gateway_url}/readyz", timeout=30).status_code == 503
    given.write_bytes(msgspec.json.encode(documents))
    system.gateway.wait_ready()
    assert asked(system)["served_by"] == "degraded"
