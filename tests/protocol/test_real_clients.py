"""KServe's and Triton's own clients, HTTP (JSON, binary) and gRPC, against gateway, primary and fallback."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from churn_model import Row, open_package
from patience import by_a_model
from real_processes import System
from sample_package import MODEL_NAME, sample_rows, sample_schema

CLIENTS = Path(__file__).parent / "clients"
DOORS = ("gateway", "gateway gRPC", "primary", "primary gRPC", "fallback")
WAYS: dict[str, dict[str, tuple[str, ...]]] = {
    "kserve": {"gRPC": ("contents", "raw"), "": ("JSON", "binary")},
    "triton": {"gRPC": ("binary", "version"), "": ("JSON", "binary", "version")},
}
ROWS: list[Row] = [row for row in sample_rows(40, 11) if not {"nan", "None"} & set(map(str, row))][:9]
Answers = dict[str, dict[str, Any]]


def ask(client: str, system: System) -> Answers:
    schema = sample_schema()
    columns = [
        {"name": feature.name, "type": feature.type, "values": [row[index] for row in ROWS]}
        for index, feature in enumerate(schema.features)
    ]
    doors = {
        "gateway": {"http": system.gateway_url, "grpc": f"127.0.0.1:{system.ports['gateway_grpc']}"},
        "primary": {"http": system.primary_url, "grpc": f"127.0.0.1:{system.ports['primary_grpc']}"},
        "fallback": {"http": system.fallback_url},
    }
    question = {"doors": doors, "model": MODEL_NAME, "version": "1", "columns": columns}
    done = subprocess.run(
        [sys.executable, str(CLIENTS / f"{client}_client.py")],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answers: Answers = json.loads(done.stdout)
    return answers


@pytest.fixture(scope="module", params=["kserve", "triton"])
def asked(request: pytest.FixtureRequest, doors: System, keys: Any) -> tuple[str, Answers]:
    """What it was told; asked again where a busy machine kept an answer from a model, of which it says nothing."""
    stood_in = open_package(doors.model, keys.trusted).description.degraded_scores(ROWS).probabilities

    def by_scorecard(answers: Answers) -> str:
        ways = [way for door in answers.values() for way in door.values() if isinstance(way, dict)]
        return "degraded" if any(way["outputs"]["churn_probability"] == stood_in for way in ways) else ""

    return request.param, by_a_model(lambda: ask(request.param, doors), by_scorecard)


@pytest.mark.parametrize("door", DOORS)
def test_every_way_of_a_strangers_client_gives_the_models_bits(
    asked: tuple[str, Answers], door: str, doors: System, keys: Any
) -> None:
    client, answers = asked
    expected = open_package(doors.model, keys.trusted).scorer.score(ROWS)
    for way in WAYS[client]["gRPC" if door.endswith("gRPC") else ""]:
        answer = answers[door][way]
        assert answer["outputs"]["churn_probability"] == expected.probabilities, (way, answer)
        assert answer["outputs"]["segment"] == expected.segments
        assert answer["id"] == f"{client}-1"
        if client == "triton" or door.endswith("gRPC"):  # KServe's client loses the version of a JSON answer
            assert answer["version"] == "1"


@pytest.mark.parametrize("door", DOORS)
def test_health_as_clients_ask_for_it(asked: tuple[str, Answers], door: str) -> None:
    client, answers = asked
    questions = ["live", "ready", "model ready", *(["version ready"] if client == "triton" else [])]
    assert {question: answers[door][question] for question in questions} == dict.fromkeys(questions, True)


@pytest.mark.parametrize("door", DOORS)
def test_triton_is_told_what_is_not_served_and_what_is_wrong(asked: tuple[str, Answers], door: str) -> None:
    client, answers = asked
    if client == "kserve":
        assert "other version" not in answers[door]  # that client cannot name one
        return
    assert answers[door]["inputs"] == list(sample_schema().names)
    unknown, wrong = ("NOT_FOUND", "INVALID_ARGUMENT") if door.endswith("gRPC") else ("404", "400")
    assert unknown in answers[door]["other version"]
    assert unknown in answers[door]["other model"]
    assert wrong in answers[door]["no inputs"]
    assert "tenure" in answers[door]["no inputs"]


@pytest.mark.parametrize("door", [door for door in DOORS if not door.endswith("gRPC")])
def test_triton_is_told_which_models_there_are(asked: tuple[str, Answers], door: str) -> None:
    client, answers = asked
    if client == "kserve":
        assert "index" not in answers[door]  # that client does not ask
        return
    assert answers[door]["index"] == [{"name": MODEL_NAME, "version": "1", "state": "READY", "reason": ""}]
