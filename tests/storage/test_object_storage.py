"""Setting up object storage, training and scoring beside it, promotion, and who may do what there."""

import hashlib
import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from churn_model import TrustedKeys, open_package
from churn_training.cluster.names import CONSUMERS, MLFLOW, SERVING, TRAINING, USER_ID, USER_SECRET
from churn_training.cluster.policies import Users, models_policy
from patience import until
from ports import free_port
from tests.storage.machines import ROOT, STARTER, Machine, Storage, process, started

FAMILIES = 3  # of small_training


@pytest.fixture(scope="module")
def customers(machine: Machine) -> str:
    """The address of simulated customers in object storage."""
    file = machine.home / "simulated.csv"
    done = machine.churn("simulate", "--rows", "700", "--out", str(file))
    assert done.returncode == 0, done.stderr
    machine.storage.client(ROOT).upload_file(str(file), "churn-data", "in/simulated customers.csv")
    return "s3://churn-data/in/simulated customers.csv"


@pytest.fixture(scope="module")
def trained(machine: Machine, customers: str) -> dict[str, Any]:
    done = machine.train("--data", customers, "--json")
    assert done.returncode == 0, done.stderr
    assert f"downloading {customers} (" in done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def test_a_second_set_up_changes_nothing(ready: Storage, package_folder: Path) -> None:
    done = ready.set_up(package_folder)
    assert (done.returncode, done.stdout) == (0, "")
    assert f"{STARTER}: there already" in done.stderr
    assert not any(user[USER_SECRET] in done.stderr for user in ready.users.values())


def test_the_starter_is_what_was_signed(ready: Storage, package_folder: Path, tmp_path: Path) -> None:
    download(ready.client(SERVING), STARTER, tmp_path)
    stored = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert stored == {path.name: path.read_bytes() for path in package_folder.iterdir()}


def test_an_upload_that_was_cut_short_is_completed(ready: Storage, package_folder: Path) -> None:
    root = ready.client(ROOT)
    root.delete_object(Bucket="churn-models", Key="starter/0.0.0/golden.json")
    done = ready.set_up(package_folder)
    assert (done.returncode, "1 files uploaded" in done.stderr) == (0, True)
    assert root.head_object(Bucket="churn-models", Key="starter/0.0.0/golden.json")["ContentLength"] > 0


@pytest.fixture
def another_build(package_folder: Path, tmp_path: Path) -> Path:
    """A starter as another build of the images would have it."""
    folder = Path(shutil.copytree(package_folder, tmp_path / "another"))
    golden = folder / "golden.json"
    golden.write_bytes(golden.read_bytes() + b"\n")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["golden.json"] = hashlib.sha256(golden.read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_another_build_under_an_old_tag_leaves_what_is_served(
    ready: Storage, package_folder: Path, another_build: Path, tmp_path: Path
) -> None:
    done = ready.set_up(another_build)
    assert done.returncode == 0, done.stderr
    assert f"{STARTER}: holds the starter of another build of these images, which is served on" in done.stderr
    (tmp_path / "stored").mkdir()
    download(ready.client(SERVING), STARTER, tmp_path / "stored")
    stored = {path.name: path.read_bytes() for path in (tmp_path / "stored").iterdir()}
    assert stored == {path.name: path.read_bytes() for path in package_folder.iterdir()}


def test_a_part_of_another_build_is_not_taken_for_a_starter(
    ready: Storage, package_folder: Path, another_build: Path
) -> None:
    root, place = ready.client(ROOT), {"Bucket": "churn-models", "Key": "starter/0.0.0/signature"}
    root.delete_object(**place)
    try:
        done = ready.set_up(another_build)
        assert done.returncode == 2
        assert "holds other bytes than this release's starter and is not written over" in done.stderr.splitlines()[-1]
    finally:
        root.put_object(**place, Body=(package_folder / "signature").read_bytes())


def test_other_bytes_are_not_written_over(ready: Storage, package_folder: Path, tmp_path: Path) -> None:
    root, place = ready.client(ROOT), {"Bucket": "churn-models", "Key": "starter/0.0.0/golden.json"}
    root.put_object(**place, Body=b"{}")
    log = tmp_path / "termination"
    try:
        done = ready.set_up(package_folder, CHURN_TERMINATION_LOG=str(log))
        assert done.returncode == 2
        assert done.stderr.splitlines()[-1].startswith(f"churn: {STARTER}golden.json: holds other bytes")
        assert log.read_text() == done.stderr.splitlines()[-1]
        assert root.get_object(**place)["Body"].read() == b"{}"
    finally:
        root.put_object(**place, Body=(package_folder / "golden.json").read_bytes())


def test_somebody_elses_storage_is_only_uploaded_to(ready: Storage, package_folder: Path) -> None:
    elsewhere = "s3://churn-models/given/model/"
    settings = {"CHURN_STORAGE_ADMINISTER": "false", "CHURN_STORAGE_STARTER_URI": elsewhere}
    done = ready.set_up(package_folder, **settings, **ready.users[TRAINING])
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith(f"{elsewhere}: ")
    assert len(done.stderr.splitlines()) == 1


def test_a_storage_that_is_not_there_is_tried_again(ready: Storage, package_folder: Path) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    done = ready.set_up(package_folder, AWS_ENDPOINT_URL_S3=address, CHURN_STORAGE_WAIT_SECONDS="3")
    assert done.returncode == 1
    assert done.stderr.splitlines()[0].startswith("waiting: ")
    assert f"the object storage at {address} does not answer" in done.stderr.splitlines()[-1]


def test_serving_reads_what_training_stored(
    machine: Machine, trained: dict[str, Any], customers: str, tmp_path: Path
) -> None:
    assert trained["uri"].startswith("s3://churn-models/")
    assert "/models/m-" in trained["uri"]
    assert trained["uri"].endswith("/artifacts")
    assert trained["data"]["source"] == customers.rsplit("/", 1)[-1]
    assert trained["data"]["simulated"] is True
    download(machine.storage.client(SERVING), f"{trained['uri']}/", tmp_path)
    package = open_package(tmp_path, TrustedKeys.load(machine.home / "keys" / "verify.pem"))
    assert (package.digest, package.manifest.version) == (trained["digest"], trained["version"])


@pytest.mark.usefixtures("trained")
def test_a_repetition_reuses_the_evaluations_in_object_storage(machine: Machine, customers: str) -> None:
    done = machine.train("--data", customers, "--json", "--no-promote", "--verbose")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("reused from run") == FAMILIES


def test_everybody_may_do_what_they_need_and_no_more(ready: Storage, customers: str) -> None:
    models, data = {"Bucket": "churn-models"}, {"Bucket": "churn-data"}
    starter, probe = {**models, "Key": "starter/0.0.0/MLmodel"}, {**models, "Key": "probe"}
    ready.client(ROOT).put_object(**probe, Body=b"kept")
    found = {
        user: {
            "list models": may(client, "list_objects_v2", **models),
            "read models": may(client, "get_object", **starter),
            "write models": may(client, "put_object", **models, Key=f"probe-{user}", Body=b""),
            "write the starter": may(client, "put_object", **starter, Body=b""),
            "delete models": may(client, "delete_object", **probe),
            "list data": may(client, "list_objects_v2", **data),
            "read data": may(client, "get_object", **data, Key=customers.removeprefix("s3://churn-data/")),
            "write data": may(client, "put_object", **data, Key="x", Body=b""),
            "keep snapshots": may(client, "put_object", **data, Key="snapshots/x", Body=b""),
            "write scores": may(client, "put_object", **data, Key="scores/x", Body=b""),
            "change rights": may(client, "put_bucket_policy", **models, Policy="{}"),
            "make buckets": may(client, "create_bucket", Bucket=f"of-{user}"),
        }
        for user in CONSUMERS
        for client in [ready.client(user)]
    }
    reads = {"list models", "read models"}
    allowed = {user: {deed for deed, allowed in deeds.items() if allowed} for user, deeds in found.items()}
    assert allowed == {
        SERVING: reads,
        MLFLOW: reads,
        TRAINING: reads | {"write models", "list data", "read data", "keep snapshots", "write scores"},
    }


def test_serving_cannot_read_a_starter_before_it_is_whole(ready: Storage, package_folder: Path) -> None:
    users = Users(**{name: ready.users[name][USER_ID] for name in CONSUMERS})
    policy = json.dumps(models_policy("churn-models", users, closed="starter/0.0.0/"))
    ready.client(ROOT).put_bucket_policy(Bucket="churn-models", Policy=policy)
    place = {"Bucket": "churn-models", "Key": "starter/0.0.0/MLmodel"}
    assert not may(ready.client(SERVING), "get_object", **place)
    assert may(ready.client(TRAINING), "get_object", **place)
    assert ready.set_up(package_folder).returncode == 0
    assert may(ready.client(SERVING), "get_object", **place)


WAIT = "churn_cli.programs.model_wait"
"""What waits in front of the primary."""


def wait_environment(storage: Storage, uri: str, **changes: str) -> dict[str, str]:
    """With the keys of serving."""
    settings = {**storage.environment(SERVING), "CHURN_MODEL_WAIT_URI": uri, "CHURN_MODEL_WAIT_SECONDS": "3"}
    return {**settings, **changes}


def waiting(storage: Storage, uri: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return process(WAIT, **wait_environment(storage, uri, **changes))


def test_a_primary_does_not_wait_for_a_model_that_is_there(ready: Storage) -> None:
    done = waiting(ready, STARTER, CHURN_MODEL_WAIT_SECONDS="240")
    assert (done.returncode, done.stderr) == (0, f"{STARTER}: the model is there\n")


def test_a_primary_waits_until_the_whole_model_may_be_read(
    ready: Storage, package_folder: Path, tmp_path: Path
) -> None:
    """Bucket, rights and objects come one after another; the wait is over when the last of them is there."""
    uri, log = "s3://churn-late/starter/1/", tmp_path / "waiting.log"
    root, keys = ready.client(ROOT), {"Bucket": "churn-late"}
    with started(log, WAIT, **wait_environment(ready, uri, CHURN_MODEL_WAIT_SECONDS="500")) as running:
        until(lambda: "; waiting" in log.read_text(), log.read_text)
        root.create_bucket(**keys)
        for path in sorted(package_folder.iterdir()):
            root.put_object(**keys, Key=f"starter/1/{path.name}", Body=path.read_bytes())
        root.delete_object(**keys, Key="starter/1/signature")
        assert running.poll() is None
        users = Users(**{name: ready.users[name][USER_ID] for name in CONSUMERS})
        root.put_bucket_policy(**keys, Policy=json.dumps(models_policy("churn-late", users)))
        until(lambda: f"{uri}: signature; waiting" in log.read_text().splitlines(), log.read_text)
        time.sleep(3)
        assert running.poll() is None
        root.put_object(**keys, Key="starter/1/signature", Body=(package_folder / "signature").read_bytes())
        assert running.wait(500) == 0
    assert log.read_text().splitlines()[-1] == f"{uri}: the model is there"


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "SignatureDoesNotMatch"),
        ({"AWS_ACCESS_KEY_ID": "nobody"}, "InvalidAccessKeyId"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "NoCredentialsError"),
    ],
)
def test_a_primary_does_not_wait_for_what_time_does_not_mend(
    ready: Storage, changes: dict[str, str], cause: str
) -> None:
    """It goes on, and the storage initializer behind it says what is wrong."""
    done = waiting(ready, STARTER, CHURN_MODEL_WAIT_SECONDS="240", **changes)
    assert (done.returncode, done.stderr) == (0, f"{STARTER}: {cause}; going on without it\n")


def test_a_primary_does_not_wait_for_ever(ready: Storage) -> None:
    done = waiting(ready, "s3://churn-models/starter/9.9.9/")
    assert done.returncode == 0
    assert done.stderr.splitlines()[-1] == "s3://churn-models/starter/9.9.9/: NoSuchKey; going on without it"
    address = f"http://127.0.0.1:{free_port()}"
    silent = waiting(ready, STARTER, AWS_ENDPOINT_URL_S3=address)
    assert silent.returncode == 0
    assert silent.stderr.splitlines()[-1] == f"{STARTER}: EndpointConnectionError; going on without it"


@pytest.mark.parametrize("uri", ["", "s3://churn-models", "/models/", "s3://churn-models/starter"])
def test_an_address_that_is_none_is_said(ready: Storage, uri: str) -> None:
    done = waiting(ready, uri)
    assert done.returncode == 2
    assert done.stderr.startswith("churn: CHURN_MODEL_WAIT_URI: ")


@pytest.mark.usefixtures("trained")
def test_score_reads_and_writes_objects(machine: Machine, customers: str) -> None:
    done = machine.churn("score", customers, "s3://churn-models/answers.parquet")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("s3://churn-models/answers.parquet: 700 rows by churn-telecom version")
    size = machine.storage.client(ROOT).head_object(Bucket="churn-models", Key="answers.parquet")["ContentLength"]
    assert size > 1000
    refused = machine.churn("score", customers, "s3://churn-data/answers.csv")
    assert refused.returncode == 2
    assert refused.stderr.splitlines()[-1].startswith("churn: s3://churn-data/answers.csv: access denied")


def test_promotion_needs_no_rights_in_the_storage(machine: Machine, trained: dict[str, Any], tmp_path: Path) -> None:
    second = machine.train("--rows", "600", "--no-promote", "--json")
    assert second.returncode == 0, second.stderr
    new = json.loads(second.stdout.splitlines()[-1])
    for arguments, expected in ((["promote", new["version"], "--force"], new), (["rollback"], trained)):
        done = machine.churn(*arguments, "--json", user=None, CHURN_HOME=str(tmp_path))
        assert done.returncode == 0, done.stderr
        changed = json.loads(done.stdout.splitlines()[-1])
        assert changed == {name: expected[name] for name in ("name", "version", "digest", "uri")}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("data", "user", "problem"),
    [
        ("s3://churn-data/none.csv", TRAINING, "there is no such object"),
        ("s3://none-such/none.csv", TRAINING, "there is no such object, or no such bucket"),
        ("s3://churn-data/in/simulated customers.csv", SERVING, "access denied"),
        ("s3://churn-data/in/simulated customers.csv", None, "no credentials; set AWS_ACCESS_KEY_ID"),
        ("s3://churn-data/in/", TRAINING, "s3://bucket/key was expected"),
        ("s3://", TRAINING, "s3://bucket/key was expected"),
        ("s3://Not_A_Bucket!/x.csv", TRAINING, "is not the name of a bucket and an object"),
    ],
)
@pytest.mark.usefixtures("customers")
def test_bad_data_is_one_line(machine: Machine, data: str, user: str | None, problem: str, tmp_path: Path) -> None:
    log = tmp_path / "termination"
    done = machine.churn(
        "train", "--budget", "0", "--data", data, user=user, CHURN_TERMINATION_LOG=str(log), TMPDIR=str(tmp_path)
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(f"churn: {data}: {problem}")
    assert len(done.stderr.splitlines()) == 1
    assert log.read_text() == done.stderr.strip()
    assert [path.name for path in tmp_path.iterdir()] == ["termination"]


@pytest.mark.usefixtures("customers")
def test_a_bad_cell_is_named_by_the_objects_own_address(machine: Machine, tmp_path: Path) -> None:
    lines = (machine.home / "simulated.csv").read_text().splitlines()
    lines[4] += ",surplus"
    machine.storage.client(ROOT).put_object(Bucket="churn-data", Key="bad.csv", Body="\n".join(lines).encode())
    done = machine.churn("train", "--budget", "0", "--data", "s3://churn-data/bad.csv", TMPDIR=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "churn: s3://churn-data/bad.csv, row 5: 22 fields where the header has 21"
    assert list(tmp_path.iterdir()) == []


def test_a_storage_that_does_not_answer_is_known_in_seconds(machine: Machine, customers: str) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    begun = time.monotonic()
    none_such = f"{customers}.none"
    assert machine.churn("train", "--budget", "0", "--data", none_such).returncode == 2
    usual = time.monotonic() - begun  # on a busy machine most of it is the command's start
    begun = time.monotonic()
    done = machine.churn("train", "--budget", "0", "--data", customers, AWS_ENDPOINT_URL_S3=address)
    assert time.monotonic() - begun < 2 * usual + 20
    assert done.returncode == 1
    expected = f"churn: {customers}: the object storage at {address} does not answer (EndpointConnectionError)"
    assert done.stderr.splitlines() == [expected]


def may(client: Any, deed: str, **arguments: Any) -> bool:
    """Whether the storage lets somebody do something; any refusal but "access denied" is a mistake in the test."""
    try:
        getattr(client, deed)(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("AccessDenied", "403"):
            raise
        return False
    return True


def download(client: Any, uri: str, folder: Path) -> None:
    """What KServe's storage initializer does: list a prefix, fetch every object."""
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    for found in client.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]:
        client.download_file(bucket, found["Key"], str(folder / found["Key"].removeprefix(prefix)))
