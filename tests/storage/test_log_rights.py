"""Who takes the prediction log to object storage may do that and nothing else, also where there were users already."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from churn_monitoring.prediction_log.erasures import FOLDER as ERASED
from churn_training.cluster import material
from churn_training.cluster.names import PREDICTION_LOG, USER_ID, USERS
from patience import until
from tests.prediction_log.shipped import KEY, answer, write_segment
from tests.storage.machines import ROOT, SET_UP, Storage, process, started

DATA, USER = "churn-data", "CHURN_STORAGE_PREDICTION_LOG_USER"
STORE = f"s3://{DATA}/predictions/"


@pytest.fixture
def keeping(ready: Storage, package_folder: Path) -> Iterator[Storage]:
    """The storage of a release that keeps answers, until the test is over."""
    done = ready.set_up(package_folder, **{USER: ready.users[PREDICTION_LOG][USER_ID]})
    assert done.returncode == 0, done.stderr
    yield ready
    assert ready.set_up(package_folder).returncode == 0
    assert not may(ready, "put_object", Bucket=DATA, Key="predictions/x", Body=b"")


def may(storage: Storage, call: str, **arguments: object) -> bool:
    try:
        getattr(storage.client(PREDICTION_LOG), call)(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        return False
    return True


def test_it_may_write_list_and_delete_in_one_folder(keeping: Storage) -> None:
    root = keeping.client(ROOT)
    root.put_object(Bucket=DATA, Key="customers.csv", Body=b"x")
    root.put_object(Bucket=DATA, Key="predictions/there", Body=b"x")
    found = {
        "write": may(keeping, "put_object", Bucket=DATA, Key="predictions/x", Body=b"x"),
        "list": may(keeping, "list_objects_v2", Bucket=DATA, Prefix="predictions/"),
        "delete": may(keeping, "delete_object", Bucket=DATA, Key="predictions/x"),
        "read": may(keeping, "get_object", Bucket=DATA, Key="predictions/there"),
        "list all": may(keeping, "list_objects_v2", Bucket=DATA),
        "list others": may(keeping, "list_objects_v2", Bucket=DATA, Prefix="scores/"),
        "read data": may(keeping, "get_object", Bucket=DATA, Key="customers.csv"),
        "write data": may(keeping, "put_object", Bucket=DATA, Key="customers.csv", Body=b"y"),
        "delete data": may(keeping, "delete_object", Bucket=DATA, Key="customers.csv"),
        "write beside": may(keeping, "put_object", Bucket=DATA, Key="predictionsx", Body=b"y"),
        "list models": may(keeping, "list_objects_v2", Bucket="churn-models"),
        "write models": may(keeping, "put_object", Bucket="churn-models", Key="x", Body=b"y"),
    }
    assert {deed for deed, allowed in found.items() if allowed} == {"write", "list", "delete"}


def test_these_rights_are_enough_to_ship_and_to_end_retention(keeping: Storage, tmp_path: Path) -> None:
    """Also past a table of which somebody asked to be forgotten, and one of which nothing is left."""
    segments = tmp_path / "segments"
    note = answer("a", "b")
    write_segment(segments, note)
    write_segment(segments, answer("a"))
    until = round((note.time + 60) * 1_000_000)
    body = json.dumps({"until": until}).encode()
    root = keeping.client(ROOT)
    root.put_object(Bucket=DATA, Key=f"predictions/{ERASED}/{KEY.of('a').hex()}.{until}", Body=body)
    words = ["log", "ship", "--once", "--segments", str(segments), "--store", STORE]
    done = process("churn_cli", *words, **keeping.environment(PREDICTION_LOG))
    assert done.returncode == 0, done.stderr
    assert "1 record of 2 segments" in done.stdout
    done = process("churn_cli", "log", "retain", "--days", "1", "--store", STORE, **keeping.environment(PREDICTION_LOG))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 table of more than 1 days ago gone from ")


def test_a_user_who_is_only_being_added_is_waited_for(ready: Storage, package_folder: Path, tmp_path: Path) -> None:
    """A Secret reaches the storage's file a while after the hook has changed it."""
    file = ready.home / "users" / USERS
    before, late = file.read_text(), material.new_user("churn-late")
    environment = ready.set_up_environment(package_folder, **{USER: "churn-late"}, CHURN_STORAGE_WAIT_SECONDS="500")
    log = tmp_path / "setting-up.log"
    with started(log, SET_UP, **environment) as setting_up:
        until(lambda: "waiting: policy of s3://churn-data" in log.read_text(), log.read_text)
        done = ready.set_up(package_folder, **{USER: "churn-late"}, CHURN_STORAGE_WAIT_SECONDS="1")
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1].endswith("names a user that the storage does not know")
        after = material.with_user({USERS: before}, late)
        assert after is not None
        file.chmod(0o600)
        file.write_text(after[USERS])
        ended = setting_up.wait(500)
    try:
        assert ended == 0, log.read_text()
    finally:
        assert ready.set_up(package_folder).returncode == 0
        file.write_text(before)
        file.chmod(0o400)
