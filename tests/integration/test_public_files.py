"""Public and strange churn files from `churn init` to a served answer, with no more edits than the starter's comments
ask for.

Commands and processes are real, one small family competes; one system serves file after file, as champions follow.
"""

import contextlib
import csv
import io
import random
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from churn_cli.main import main
from churn_model import Package, Row, TrustedKeys, open_package
from churn_model.schema import row_from_json
from churn_model.usecase import load_usecase
from churn_serving.oip import grpc_codec, json_codec
from churn_serving.oip.json_reply import decode_response
from churn_serving.oip.open_inference_grpc_pb2 import ModelInferResponse
from patience import PATIENCE_SECONDS, by_a_model, until, who_served, who_served_over_grpc
from real_processes import System, describe_system, running
from tests.backends.test_binary_and_grpc import binary_request
from tests.integration.strange_files import WRITERS, part_of
from tests.training.small_families import small_candidates
from unseen_pictures import unseen_pictures

MODEL = "strangers"
INFER, ROWS, MANY = f"/v2/models/churn-{MODEL}/infer", 700, 300
FILES = ("telco", "bigml", "iranian", "bankchurners", "column-names")
WITH_VALUE = {"telco", "column-names"}
SEGMENTS = {"bigml": 3, "bankchurners": 6}  # where somebody wants other than the starter's four


@dataclass
class Desk:
    """Where somebody types commands, and a system that serves the champion of that home."""

    folder: Path
    stack: contextlib.ExitStack
    system: System | None = None

    def type(self, *arguments: str) -> tuple[str, str]:
        """What a command prints and what it says meanwhile."""
        with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.redirect_stderr(io.StringIO()) as said:
            code = main(arguments)
        assert code == 0, said.getvalue()[-2000:]
        return printed.getvalue(), said.getvalue()

    def serve(self) -> tuple[System, Package]:
        """The system, once every process answers by the champion that there is now."""
        champion = self.folder / "packages" / f"churn-{MODEL}" / "champion"
        key = self.folder / "keys" / "verify.pem"
        if self.system is None:
            self.system = self.stack.enter_context(running(describe_system(champion, key, self.folder)))
        system, package = self.system, open_package(champion.resolve(), TrustedKeys.load(key))
        until(lambda: digests_at(system) == {package.digest}, system.primary.tail)
        return system, package


def digests_at(system: System) -> set[str]:
    """The models by which the gateway and the two behind it answer."""
    metadata = INFER.removesuffix("/infer")
    found = {
        httpx.get(f"{url}{metadata}").json()["parameters"]["digest"]
        for url in (system.primary_url, system.fallback_url)
    }
    return found | {httpx.get(f"{system.gateway_url}/v1/model").json()["digest"]}


@pytest.fixture(scope="module")
def desk(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    shutil.copy(empty_database, folder / "mlflow.db")
    with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as stack:
        patch.setenv("CHURN_HOME", str(folder))
        patch.delenv("CHURN_VERIFY_KEY", raising=False)
        patch.delenv("CHURN_TRACKING_URI", raising=False)
        patch.setattr("churn_training.pipeline.default_candidates", lambda: small_candidates()[:1])
        stack.enter_context(unseen_pictures())
        yield Desk(folder, stack)


@dataclass(frozen=True)
class Served:
    """A file that is served: its customers as a caller has them, and what `churn init`, `train` and `score` made of
    them."""

    file: str
    system: System
    package: Package
    customers: list[dict[str, Any]]
    scored: list[dict[str, str]]
    starter: str
    said: str

    def ask(self, customers: list[dict[str, Any]], *, explain: bool = False) -> dict[str, Any]:
        """What the primary answers, with reasons if asked for, which come late or not at all where all is busy."""
        body, deadline = {"customers": customers, "explain": explain}, time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            answer = httpx.post(f"{self.system.gateway_url}/v1/predictions", json=body, timeout=20)
            assert answer.status_code == 200, answer.text[:500]
            document: dict[str, Any] = answer.json()
            explained = any(one["reasons"] for one in document["predictions"])
            if document["served_by"] == "primary" and explained == explain:
                return document
            time.sleep(0.1)
        raise AssertionError(document)

    def rows(self, count: int) -> list[Row]:
        schema = self.package.manifest.schema
        return [
            row_from_json([customer["features"][name] for name in schema.names], schema)
            for customer in self.customers[:count]
        ]

    @property
    def expected(self) -> list[float]:
        return [float(record["churn_probability"]) for record in self.scored]


@pytest.fixture(scope="module", params=FILES)
def served(request: pytest.FixtureRequest, desk: Desk, telco_path: Path, cases: Path) -> Served:
    file: str = request.param
    shared = cases / f"{file}.csv"
    data = sample(shared if shared.exists() else telco_path.with_name(f"{file}.csv"), desk.folder)
    starter, _ = desk.type("init", "--data", str(data), "--name", MODEL)
    usecase, scored = desk.folder / f"{file}.yaml", desk.folder / f"{file}-scored.csv"
    usecase.write_text(starter.replace("  count: 4", f"  count: {SEGMENTS.get(file, 4)}"), encoding="utf-8")
    command = ["train", "--usecase", str(usecase), "--data", str(data), "--budget", "0", "--force-promote", "--verbose"]
    _, said = desk.type(*command)
    system, package = desk.serve()
    desk.type("score", str(data), str(scored), "--usecase", str(usecase))
    with scored.open(encoding="utf-8", newline="") as stream:
        records = list(csv.DictReader(stream))
    return Served(file, system, package, customers_of(data, package), records, starter, said)


def sample(data: Path, folder: Path) -> Path:
    """A file of the same name with some of the customers, drawn at random."""
    with data.open(encoding="utf-8", newline="") as stream:
        header, *records = csv.reader(stream)
    path = folder / data.name
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *random.Random(3).sample(records, min(ROWS, len(records)))])
    return path


def customers_of(data: Path, package: Package) -> list[dict[str, Any]]:
    """The file's customers as JSON."""
    schema = package.manifest.schema
    with data.open(encoding="utf-8", newline="") as stream:
        rows = [{name.strip(): text.strip() for name, text in row.items()} for row in csv.DictReader(stream)]
    return [
        {
            "customer_id": row[schema.id],
            "features": {each.name: value_of(row[each.name], each.type) for each in schema.features},
        }
        for row in rows
    ]


def value_of(text: str, kind: str) -> float | str | None:
    if not text:
        return None
    return float(text) if kind == "number" else text


def test_customers_get_what_batch_scoring_says_with_reasons(served: Served) -> None:
    answer = served.ask(served.customers[:20], explain=True)
    assert "warnings" not in answer
    labels = tuple(f"{feature.label}: " for feature in served.package.manifest.schema.features)
    for one, record in zip(answer["predictions"], served.scored, strict=False):
        assert one["customer_id"] == record["id"]
        assert one["churn_probability"] == float(record["churn_probability"])
        assert (one["risk"], one["action"]["id"]) == (record["risk"], record["action"])
        assert all(reason.startswith(labels) for reason in one["reasons"])
    assert len(served.ask(served.customers[:1])["predictions"]) == 1


def test_three_hundred_customers_in_their_order(served: Served) -> None:
    predictions = served.ask(served.customers[:MANY])["predictions"]
    assert [one["customer_id"] for one in predictions] == [record["id"] for record in served.scored[:MANY]]
    assert [one["churn_probability"] for one in predictions] == served.expected[:MANY]
    assert [str(one["segment"]["id"]) for one in predictions] == [record["segment"] for record in served.scored[:MANY]]


def test_segments_are_as_many_as_the_use_case_says(served: Served) -> None:
    count = SEGMENTS.get(served.file, 4)
    profiles = served.package.description.segmenter.profiles
    assert sorted(profiles) == list(range(1, count + 1))
    assert {record["segment_name"] for record in served.scored} <= {profile.name for profile in profiles.values()}


def test_money_is_told_where_the_starter_names_what_customers_pay_and_nowhere_else(served: Served) -> None:
    actions = [one["action"] for one in served.ask(served.customers[:MANY])["predictions"]]
    money = [action[name] for action in actions for name in ("expected_value", "cost")]
    money += [record[name] or None for record in served.scored for name in ("expected_value", "cost")]
    assert ("\nvalue:" in served.starter) == (served.file in WITH_VALUE)
    if served.file in WITH_VALUE:
        assert None not in money
    else:
        assert set(money) == {None}


def test_a_level_that_training_never_saw_is_told_with_its_customer(served: Served) -> None:
    pairs = [(each.name, level) for each in served.package.manifest.schema.features for level in each.categories]
    if not pairs:
        assert served.file == "iranian"  # numbers alone: nothing to misspell
        return
    name, level = max(pairs, key=lambda pair: len(pair[1]))
    customer = served.customers[5]
    wrong = {**customer, "features": {**customer["features"], name: f"{level[:-1]}x"}}
    (warning,) = served.ask([served.customers[4], wrong])["warnings"]
    assert (warning["customer_id"], warning["feature"], warning["nearest"]) == (customer["customer_id"], name, level)


def test_every_door_of_the_protocol_says_the_same(served: Served) -> None:
    schema, rows = served.package.manifest.schema, served.rows(MANY)
    found: dict[str, list[float]] = {}
    for door in ("gateway", "primary", "fallback"):
        url = f"{getattr(served.system, f'{door}_url')}{INFER}"
        body = json_codec.encode_request(rows, schema)
        plain = by_a_model(partial(httpx.post, url, content=body, timeout=20), who_served)
        found[f"{door} JSON"] = decode_response(plain.content).probabilities
        content, header = binary_request(rows, schema)
        length = {"inference-header-content-length": str(header)}
        raw = by_a_model(partial(httpx.post, url, content=content, headers=length, timeout=20), who_served)
        found[f"{door} binary"] = decode_response(raw.content).probabilities
    for door in ("gateway", "primary"):
        with grpc.insecure_channel(f"127.0.0.1:{served.system.ports[f'{door}_grpc']}") as channel:
            infer = channel.unary_unary(
                "/inference.GRPCInferenceService/ModelInfer", None, ModelInferResponse.FromString
            )
            for raw_contents in (False, True):
                message = grpc_codec.encode_request(rows, schema, raw=raw_contents)
                message.model_name = f"churn-{MODEL}"
                answer = by_a_model(
                    partial(infer, message.SerializeToString(), timeout=20),
                    who_served_over_grpc,
                )
                found[f"{door} gRPC {raw_contents}"] = grpc_codec.decode_response(answer).probabilities
    assert {door: said == served.expected[:MANY] for door, said in found.items()} == dict.fromkeys(found, True)


def test_a_starter_draws_no_remark_of_its_own_making(served: Served) -> None:
    remarks = [line for line in served.said.splitlines() if "use case strangers:" in line]
    unknown = "no `label.window` with `time`"  # which nobody but its owner can say of a file; the starter asks for it
    assert [line for line in remarks if unknown not in line] == []
    assert len(remarks) == (served.file in WITH_VALUE)


TELCO = {
    "gender", "SeniorCitizen", "Partner", "Dependents", "tenure", "PhoneService", "MultipleLines", "InternetService",
    "OnlineSecurity", "OnlineBackup", "DeviceProtection", "TechSupport", "StreamingTV", "StreamingMovies", "Contract",
    "PaperlessBilling", "PaymentMethod", "MonthlyCharges", "TotalCharges",
}  # fmt: skip
STRANGE = {
    "european": ("Kundennummer", "Monatsbeitrag", {"Besuche", "Beginn", "Laufzeit", "Tarif", "Monatsbeitrag"}),
    "nested": ("", None, {"plan.name", "plan.seats", "active", "sso", "nps", "last_seen"}),
    "panel": ("customer_id", None, {'say "hi"', "back\\slash", "start_date", "area code"}),
    "panel.csv": ("customer", None, {"spend", "visits"}),
    "one-bad-cell.csv": ("customerID", "MonthlyCharges", TELCO),
}


@pytest.mark.parametrize("kind", STRANGE)
def test_strange_files_are_served_as_batch_scores_them(kind: str, desk: Desk, cases: Path, tmp_path: Path) -> None:
    strange = WRITERS[kind](tmp_path) if kind in WRITERS else part_of(cases / kind, tmp_path)
    starter, _ = desk.type("init", "--data", str(strange.path), "--name", MODEL)
    usecase, scored = tmp_path / "usecase.yaml", tmp_path / "scored.csv"
    usecase.write_text(starter, encoding="utf-8")
    command = ["train", "--usecase", str(usecase), "--data", str(strange.path), "--budget", "0", "--force-promote"]
    _, said = desk.type(*command)
    assert len([line for line in said.splitlines() if "\r" not in line]) <= 15, said
    system, package = desk.serve()
    desk.type("score", str(strange.path), str(scored), "--usecase", str(usecase))
    known, schema = load_usecase(usecase), package.manifest.schema
    assert (known.id, known.value.column if known.value else None, set(schema.names)) == STRANGE[kind]
    with scored.open(encoding="utf-8", newline="") as stream:
        records = list(csv.DictReader(stream))
    wanted = (*schema.names, *schema.snapshot_columns)
    answered: list[dict[str, Any]] = []
    for first in range(0, len(records), MANY // 3):  # months of a panel apart, for a customer comes once in a request
        part = list(enumerate(strange.customers))[first : first + MANY // 3]
        customers = [
            {"customer_id": f"row {place}", "features": {name: each[name] for name in wanted}} for place, each in part
        ]
        asked = partial(httpx.post, f"{system.gateway_url}/v1/predictions", json={"customers": customers}, timeout=20)
        answered += by_a_model(asked, who_served, "primary").json()["predictions"]
    assert [one["churn_probability"] for one in answered] == [float(each["churn_probability"]) for each in records]
    assert [one["action"]["id"] for one in answered] == [each["action"] for each in records]
