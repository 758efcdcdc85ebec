"""The Postman collection that ships, run by newman against running processes: whole, while servers are killed, and
along a campaign."""

import csv
import json
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from churn_model import PackageContents
from ci.postman.__main__ import files
from real_processes import System, describe_system, running
from sample_package import Keys, PackageMaker
from tests.documents.blocks import blocks
from tests.documents.conftest import Served
from tests.documents.numbers_alone import of_numbers
from tests.documents.open_api import Coverage
from tests.documents.runs import POSTMAN, ROOT, Newman

# What it shares is made by its first test: a training, five processes, newman.
pytestmark = pytest.mark.timeout(1200)


@pytest.fixture(scope="module")
def variables(served: Served) -> dict[str, str]:
    ports = served.system.ports
    addresses = {
        name: f"http://127.0.0.1:{ports[port]}"
        for name, port in (
            ("primary", "primary"),
            ("fallback", "fallback"),
            ("primary_metrics", "primary_metrics"),
            ("fallback_metrics", "fallback_metrics"),
        )
    }
    metrics = f"http://127.0.0.1:{served.guarded.ports['metrics']}"
    addresses["unready_gateway"] = served.unready.gateway_url
    addresses["app"] = ""  # tests/documents/test_postman_app.py has one
    return {**addresses, "gateway": served.guarded.gateway_url, "gateway_metrics": metrics, "api_key": served.key}


def test_what_is_committed_is_what_the_code_makes() -> None:
    assert {path.name for path in POSTMAN.iterdir()} == set(files())
    for name, content in files().items():
        assert json.loads((POSTMAN / name).read_text(encoding="utf-8")) == content, f"run ci/generate-postman: {name}"


def test_the_whole_collection_with_keys(newman: Newman, variables: dict[str, str]) -> None:
    run = newman.run(variables)
    asked = {exchange.name for exchange in run.exchanges}
    assert {"One customer", "More than 2 MiB", "Infer", "With two keys", "It cannot answer"} <= asked
    assert run.assertions > len(run.exchanges)


def test_along_a_campaign_and_without_a_key(
    newman: Newman, variables: dict[str, str], served: Served, tmp_path: Path
) -> None:
    """Scored in a batch, planned under a budget, asked about one by one, as who calls does; the folder of keys leaves
    itself out."""
    customers = _strangers(served.trained.data, tmp_path / "customers.csv")
    served.trained.run("score", str(tmp_path / "customers.csv"), str(tmp_path / "scores.csv"))
    served.trained.run("campaign", str(tmp_path / "customers.csv"), str(tmp_path / "plan.csv"), "--budget", "300")
    scores = {row["id"]: row["churn_probability"] for row in _rows(tmp_path / "scores.csv")}
    called = [row for row in _rows(tmp_path / "plan.csv") if row["action"] != "none"]
    assert called
    planned = [
        {
            "customer_id": row["id"],
            "features": json.dumps(customers[row["id"]]),
            "churn_probability": scores[row["id"]],
        }
        for row in called[:10]
    ]
    (tmp_path / "called.json").write_text(json.dumps(planned), encoding="utf-8")
    open_to_all = {**variables, "gateway": served.system.gateway_url, "api_key": ""}
    run = newman.run(open_to_all, "A campaign", "Keys", data=tmp_path / "called.json")
    assert [exchange.name for exchange in run.exchanges] == ["A customer of the plan"] * len(planned)


def test_servers_are_killed_and_come_back(newman: Newman, variables: dict[str, str], served: Served) -> None:
    system = served.system
    try:
        for service, served_by in ((system.primary, "fallback"), (system.fallback, "degraded")):
            service.signal(signal.SIGKILL)
            _wait_until_served_by(served, served_by)
            newman.run({**variables, "expect_served_by": served_by}, "Degraded service")
    finally:
        for service in (system.primary, system.fallback):
            service.start()
        for service in (system.primary, system.fallback):
            service.wait_ready()
    _wait_until_served_by(served, "primary")
    # The runs before prove something: the same requests fail where they should, and say who answered instead.
    run = newman.run({**variables, "expect_served_by": "canary"}, "Degraded service", strict=False)
    assert len(run.failures) == 2
    assert all("expected 'primary' to equal 'canary'" in failure for failure in run.failures)


def test_the_question_of_the_documents_is_answered(served: Served) -> None:
    """Word for word, to a gateway without keys."""
    question = next(block for block in blocks(ROOT / "docs/integrate/ask.md") if block.language == "console")
    (command,) = question.commands
    assert "127.0.0.1:8080" in command
    told = command.replace("127.0.0.1:8080", served.system.gateway_url.removeprefix("http://"))
    done = subprocess.run(["bash", "-c", told], capture_output=True, text=True, check=True, timeout=60)
    (answer,) = json.loads(done.stdout)["predictions"]
    assert 0 < answer["churn_probability"] < 1


def test_nothing_of_the_open_api_document_is_left_out(newman: Newman, variables: dict[str, str]) -> None:
    """Of all runs before: every operation, every status and every field of the document was seen, and nothing else."""
    document = httpx.get(
        f"{variables['gateway']}/openapi.json", headers={"x-api-key": variables["api_key"]}, timeout=10
    ).json()
    coverage = Coverage(document)
    for run in newman.runs:
        for exchange in run.exchanges:
            coverage.see(exchange)
    assert coverage.missing() == []
    assert coverage.undocumented == set()


def test_a_model_of_numbers_alone_is_asked_without_what_asks_by_texts(
    newman: Newman, make_package: PackageMaker, contents: PackageContents, keys: Keys, tmp_path: Path
) -> None:
    """Whatever the use case: what changes a text had failed where no feature is one."""
    folder = make_package(contents=of_numbers(contents, tmp_path))
    system = describe_system(folder, keys.verify_path, tmp_path)
    with running(system, system.primary, system.gateway):
        _settled(system)
        addresses = {"gateway": system.gateway_url, "api_key": "", "primary": "", "fallback": ""}
        run = newman.run(addresses, "Predictions", "Bad input", "Open Inference Protocol: Gateway")
    asked = {exchange.name for exchange in run.exchanges}
    assert {"One customer", "What is not known is null", "A text where a number belongs", "Infer"} <= asked
    assert asked.isdisjoint(
        {"A level that is misspelt", "A level that training never saw", "Infer with a level never seen"}
    )


def _settled(system: System) -> None:
    """Until a model answers: on a busy machine the scorecard may, at first."""
    body = httpx.get(f"{system.gateway_url}/openapi.json").json()["paths"]["/v1/predictions"]["post"]["requestBody"]
    deadline, asked = time.monotonic() + 120, body["content"]["application/json"]["example"]
    url = f"{system.gateway_url}/v1/predictions"
    while httpx.post(url, json=asked, timeout=30).json()["served_by"] != "primary":
        assert time.monotonic() < deadline, system.gateway.tail()
        time.sleep(0.1)


def _wait_until_served_by(served: Served, wanted: str) -> None:
    """Ask as a caller does until the gateway has noticed."""
    body = json.loads((ROOT / "docs/integrate/examples/customers.json").read_text(encoding="utf-8"))
    del body["explain"]
    deadline = time.monotonic() + 120
    headers = {"x-api-key": served.key}
    with httpx.Client(base_url=served.guarded.gateway_url, headers=headers, timeout=30) as client:
        for _ in range(3):  # as many in a row, so that breaker and readiness have settled
            while client.post("/v1/predictions", json=body).json()["served_by"] != wanted:
                assert time.monotonic() < deadline, f"{wanted} does not answer"
                time.sleep(0.1)
        while (client.get("/readyz").json()["status"] == "degraded") != (wanted == "degraded"):
            assert time.monotonic() < deadline, "readiness does not follow"
            time.sleep(0.1)


def _strangers(data: Path, into: Path) -> dict[str, dict[str, object]]:
    """A file of real customers, and the features of each as a caller sends them."""
    rows = _rows(data)[:200]
    with into.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    numbers = ("SeniorCitizen", "tenure", "MonthlyCharges", "TotalCharges")
    found: dict[str, dict[str, object]] = {}
    for row in rows:
        features: dict[str, object] = {
            name: (float(value) if value.strip() else None) if name in numbers else value
            for name, value in row.items()
            if name not in ("customerID", "Churn")
        }
        found[row["customerID"]] = features
    return found


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
