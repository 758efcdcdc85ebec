"""Who looks back, as the chart runs it: the very words and environment of its containers beside the cluster's object
storage, with the rights that the set-up Job gives them and no others."""

import dataclasses
import json
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import yaml
from botocore.exceptions import ClientError

from churn_model import PackageContents
from churn_model.prediction_log.pseudonyms import add_pseudonym_key, read_pseudonym_keys
from churn_monitoring.drift import metrics as drift
from churn_monitoring.outcomes import metrics as outcomes
from churn_monitoring.prediction_log.store import Store
from churn_training.cluster.names import MONITORING, PREDICTION_LOG, USER_ID
from ports import free_port
from sample_package import Keys, PackageMaker
from small_api_server import ApiServer, running
from tests.charts.rendered import Document, nested, only
from tests.drift.asked import customers, profile, put
from tests.outcomes.answered import DOCUMENT, Answer, Home
from tests.prediction_log.keeping import wait_until
from tests.storage.machines import ROOT, Storage
from tests.storage.pods import Process, chart, container_of

pytestmark = pytest.mark.timeout(1500)
STEP_SECONDS = 600.0
"""Only what hangs gets there, however busy the machine."""
DATA, MODELS, MODEL = "churn-data", "churn-models", "watched/"
USERS = {"churn-s3-monitoring": MONITORING}
CONDITION = "/api/v1/namespaces/churn/configmaps/churn-drift"
VALUES = nested(
    gateway__predictionLog__enabled=True,
    primary__model__uri=f"s3://{MODELS}/{MODEL}",
    training__usecaseFile=yaml.safe_dump(DOCUMENT),
    monitoring__drift={"enabled": True, "every": "1s"},
    monitoring__outcomes={"enabled": True, "labels": f"s3://{DATA}/labels/left.csv"},
)


@pytest.fixture(scope="module")
def watched(ready: Storage, package_folder: Path) -> Iterator[Storage]:
    """The storage of a release that keeps answers and looks back at them, until these tests are over."""
    names = {"PREDICTION_LOG": PREDICTION_LOG, "MONITORING": MONITORING}
    rights = {f"CHURN_STORAGE_{name}_USER": ready.users[user][USER_ID] for name, user in names.items()}
    done = ready.set_up(package_folder, **rights)
    assert done.returncode == 0, done.stderr
    yield ready
    assert ready.set_up(package_folder).returncode == 0
    assert not may(ready, "get_object", Bucket=DATA, Key="predictions/x")


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    return chart().render(VALUES)


def may(storage: Storage, call: str, **arguments: object) -> bool:
    try:
        getattr(storage.client(MONITORING), call)(**arguments)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code not in ("AccessDenied", "NoSuchKey"):
            raise
        return bool(code == "NoSuchKey")
    return True


def upload(storage: Storage, folder: Path, bucket: str, prefix: str) -> None:
    root = storage.client(ROOT)
    for path in (path for path in folder.rglob("*") if path.is_file()):
        root.put_object(Bucket=bucket, Key=f"{prefix}{path.relative_to(folder)}", Body=path.read_bytes())


def test_it_reads_what_it_looks_at_and_changes_nothing_but_what_it_remembers(watched: Storage) -> None:
    root = watched.client(ROOT)
    there = ("predictions/there", "predictions/_outcomes/there", "labels/left.csv", "reports/there")
    for key in (*there, "customers.csv"):
        root.put_object(Bucket=DATA, Key=key, Body=b"x")
    here: Any = {"Bucket": DATA}
    found = {
        "read answers": may(watched, "get_object", **here, Key="predictions/there"),
        "read what is not there": may(watched, "get_object", **here, Key="predictions/_drift/none"),
        "read labels": may(watched, "get_object", **here, Key="labels/left.csv"),
        "read reports": may(watched, "get_object", **here, Key="reports/there"),
        "read models": may(watched, "get_object", Bucket=MODELS, Key="starter/0.0.0/manifest.json"),
        "list": may(watched, "list_objects_v2", **here, Prefix="predictions/"),
        "write reports": may(watched, "put_object", **here, Key="reports/x", Body=b"x"),
        "write state": may(watched, "put_object", **here, Key="predictions/_drift/x", Body=b"x"),
        "write outcomes": may(watched, "put_object", **here, Key="predictions/_outcomes/x", Body=b"x"),
        "delete state": may(watched, "delete_object", **here, Key="predictions/_drift/x"),
        "delete outcomes": may(watched, "delete_object", **here, Key="predictions/_outcomes/x"),
        "read customers": may(watched, "get_object", **here, Key="customers.csv"),
        "write answers": may(watched, "put_object", **here, Key="predictions/x", Body=b"x"),
        "delete answers": may(watched, "delete_object", **here, Key="predictions/there"),
        "write labels": may(watched, "put_object", **here, Key="labels/left.csv", Body=b"y"),
        "delete reports": may(watched, "delete_object", **here, Key="reports/there"),
        "write models": may(watched, "put_object", Bucket=MODELS, Key="x", Body=b"x"),
    }
    refused = {deed for deed, allowed in found.items() if not allowed}
    assert refused == {
        "read customers", "write answers", "delete answers", "write labels", "delete reports", "write models",
    }  # fmt: skip
    for key in there:
        root.delete_object(Bucket=DATA, Key=key)


def longer(row: Any) -> Any:
    return (row[0] + 5.0, *row[1:])


def sample(row: Any) -> Any:
    """A row as the sample package has them, of whose features three are those of the profile."""
    return (row[0], row[1], 70.0, "Card", row[2])


@pytest.fixture
def package(make_package: PackageMaker, contents: PackageContents) -> Path:
    """A package that knows its customers."""
    schema = msgspec.structs.replace(contents.schema, logged=("tenure", "Contract"))
    return make_package(contents=dataclasses.replace(contents, schema=schema), profile=profile(customers(4_000, 1)))


def log_of(package: Path, contents: PackageContents, log: Path) -> None:
    """Answers of the last hour to customers of longer tenure, as the log has them."""
    from churn_model.manifest import MANIFEST, digest_of

    schema = msgspec.structs.replace(contents.schema, logged=("tenure", "Contract"))
    rows = [sample(row) for row in customers(4_000, 3, longer)]
    put(Store(log), rows, time.time() - 3000, digest=digest_of((package / MANIFEST).read_bytes()), schema=schema,
        answers=[(0.4, 1 + place % 2) for place in range(len(rows))])  # fmt: skip


def scraped(port: int) -> str:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=60).text
    except httpx.HTTPError:
        return ""


def has_failed(port: int) -> bool:
    lines = [line for line in scraped(port).splitlines() if line.startswith(f"{drift.FAILURES} ")]
    return bool(lines) and not lines[0].endswith(" 0.0")


def test_the_drift_watch_finds_drift_shows_it_keeps_its_condition_and_goes_on(
    watched: Storage, documents: list[Document], package: Path, contents: PackageContents, keys: Keys, tmp_path: Path
) -> None:
    log_of(package, contents, tmp_path / "log")
    upload(watched, tmp_path / "log", DATA, "predictions/")
    port = free_port()
    places = {
        "9090": port, "/tmp": tmp_path, "/tmp/churn": tmp_path / "churn", "/dev/termination-log": tmp_path / "words",
        "/etc/churn/verify/verify.pem": keys.verify_path,
    }  # fmt: skip
    container = container_of(documents, "Deployment/churn-drift", "drift")
    process = Process(container, watched, USERS, places)
    with running() as api:
        api.objects[CONDITION] = {**only(documents, "ConfigMap", "churn-drift"), "data": {}}
        kubeconfig = str(api.kubeconfig(tmp_path))
        found = f'{drift.DRIFTED}{{column="tenure"}} 1.0'
        with process.running(tmp_path / "first.log", KUBECONFIG=kubeconfig) as running_now:
            # As in a release that is just being made, whose model is uploaded while its pods start.
            wait_until(lambda: has_failed(port) or running_now.poll() is not None, STEP_SECONDS)
            upload(watched, package, MODELS, MODEL)
            wait_until(lambda: found in scraped(port) or running_now.poll() is not None, STEP_SECONDS)
            assert f"{drift.CUSTOMERS} 4000.0" in scraped(port), (tmp_path / "first.log").read_text()
        said = api.objects[CONDITION]["data"]
        assert (said["type"], said["status"], "tenure" in said["features"].split(",")) == ("Drifted", "True", True)
        with process.running(tmp_path / "second.log", KUBECONFIG=kubeconfig) as running_now:
            wait_until(lambda: found in scraped(port) or running_now.poll() is not None, STEP_SECONDS)
            assert f"{drift.CUSTOMERS} 4000.0" in scraped(port)  # it counts none of them again
        assert_asked_for_nothing_else(api)


def assert_asked_for_nothing_else(api: ApiServer) -> None:
    """What the Role of the chart allows: reading and changing the one object."""
    assert {path for _, path in api.seen} == {CONDITION}
    assert {method for method, _ in api.seen} == {"GET", "PATCH"}


def test_outcomes_are_loaded_reported_and_shown(watched: Storage, documents: list[Document], tmp_path: Path) -> None:
    add_pseudonym_key(tmp_path / "keys.json", "first")
    company = Home(tmp_path, keys=read_pseudonym_keys(tmp_path / "keys.json"))
    answers = [Answer(f"id-{n}", date(2026, 9, 1 + n % 30), (n % 10) / 10, 1 + n % 2) for n in range(100)]
    company.answered(*answers, key=company.keys[-1])
    upload(watched, tmp_path / "log", DATA, "predictions/")
    labels = company.file(
        (f"id-{n}", *(("yes", "2026-09-30") if n % 10 > 5 else ("no", "2026-10-31"))) for n in range(100)
    )
    watched.client(ROOT).put_object(Bucket=DATA, Key="labels/left.csv", Body=labels.read_bytes())
    usecases = [one for one in documents if one["kind"] == "ConfigMap" and "-usecase-" in one["metadata"]["name"]]
    (tmp_path / "usecase.yaml").write_text(usecases[0]["data"]["usecase.yaml"])
    port = free_port()
    home: dict[str, object] = {
        "/tmp": tmp_path, "/tmp/churn": tmp_path / "churn", "/dev/termination-log": tmp_path / "words",
        "/etc/churn/usecase/usecase.yaml": tmp_path / "usecase.yaml",
    }  # fmt: skip
    with_keys = home | {"/etc/churn/prediction-log-keys/prediction-log.json": tmp_path / "keys.json"}
    results = {}
    for name in ("load", "report"):
        container = container_of(documents, "CronJob/churn-outcomes", name)
        done = Process(container, watched, USERS, with_keys).run()
        assert done.returncode == 0, done.stderr
        results[name] = json.loads(done.stdout.splitlines()[-1])
    assert (results["load"]["new"]["customers"], results["report"]["last"]) == (100, "2026-09-30")
    shown = container_of(documents, "Deployment/churn-outcomes", "outcomes")
    with Process(shown, watched, USERS, home | {"9090": port}).running(tmp_path / "show.log") as process:
        wait_until(lambda: outcomes.AUC in scraped(port) or process.poll() is not None, STEP_SECONDS)
        assert f'{outcomes.ANSWERS}{{digest="sha256:{"0" * 64}",state="known",use_case="sample"}} 100.0' in scraped(
            port
        )
    listed = watched.client(ROOT).list_objects_v2(Bucket=DATA, Prefix="reports/sample/")["Contents"]
    period = "reports/sample/2026-09-01_2026-09-30/report"
    kept = {f"{period}.html", f"{period}.json", f"{period}.prom", "reports/sample/metrics.prom"}
    assert {each["Key"] for each in listed} == kept
