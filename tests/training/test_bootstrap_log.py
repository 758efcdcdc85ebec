"""Secrets of the prediction log: a release gets them whenever it begins to keep answers, and what was there stays."""

import base64
import copy
import json
from typing import Any

import pytest

from churn_data.errors import DataError
from churn_training.cluster.kubernetes_api import KubernetesApi
from small_api_server import ApiServer
from tests.training.bootstrapped import SECRETS, USERS, WITHOUT_LOG, api, make, secret, server, settings

__all__ = ["api", "server"]  # fixtures


def accounts_of(server: ApiServer) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(secret(server, "churn-object-storage-users")["users.json"])["accessAccounts"]
    return found


def test_a_release_that_begins_to_keep_answers_gets_one_user_more(
    server: ApiServer, api: KubernetesApi, capsys: pytest.CaptureFixture[str]
) -> None:
    make(api, settings(PARTS=WITHOUT_LOG))
    before, former = copy.deepcopy(server.objects), accounts_of(server)
    assert "churn-prediction-log" not in former
    make(api, settings())
    user = secret(server, "churn-s3-prediction-log")
    added = accounts_of(server).pop(user["AWS_ACCESS_KEY_ID"])
    assert added["secret"] == user["AWS_SECRET_ACCESS_KEY"]
    assert {name: account for name, account in accounts_of(server).items() if name in former} == former
    assert all(server.objects[name] == made for name, made in before.items() if name != USERS)
    assert "the user of churn-s3-prediction-log was added" in capsys.readouterr().err
    server.seen.clear()
    make(api, settings())
    assert {method for method, _ in server.seen} == {"GET"}


@pytest.mark.parametrize("consumer", ["monitoring", "marketing"])
def test_who_looks_back_and_who_shows_scores_is_one_user_more_each(
    server: ApiServer, api: KubernetesApi, consumer: str
) -> None:
    parts = f"{WITHOUT_LOG},prediction-log-user,prediction-log-keys"
    make(api, settings(PARTS=parts))
    former = accounts_of(server)
    assert f"churn-{consumer}" not in former
    make(api, settings(PARTS=f"{parts},{consumer}-user"))
    user = secret(server, f"churn-s3-{consumer}")
    assert accounts_of(server).keys() == former.keys() | {f"churn-{consumer}"}
    assert accounts_of(server)[f"churn-{consumer}"]["secret"] == user["AWS_SECRET_ACCESS_KEY"]


def test_users_whom_somebody_adds_meanwhile_stay(server: ApiServer, api: KubernetesApi) -> None:
    make(api, settings(PARTS=WITHOUT_LOG))
    merge = server.merge
    overtaken: list[str] = []

    def overtake(path: str, patch: dict[str, Any]) -> tuple[int, bytes]:
        if not overtaken:
            overtaken.append(path)
            theirs = json.dumps({"accessAccounts": accounts_of(server) | {"theirs": {"secret": "s"}}})
            merge(path, {"data": {"users.json": base64.b64encode(theirs.encode()).decode()}})
        return merge(path, patch)

    server.merge = overtake  # type: ignore[method-assign]
    make(api, settings())
    assert overtaken == [USERS]
    assert {"theirs", "churn-prediction-log", "churn-serving"} <= accounts_of(server).keys()


def test_a_log_user_who_does_not_fit_is_named(server: ApiServer, api: KubernetesApi) -> None:
    make(api, settings())
    user = server.objects[f"{SECRETS}/churn-s3-prediction-log"]["data"]
    user["AWS_SECRET_ACCESS_KEY"] = base64.b64encode(b"other").decode()
    with pytest.raises(DataError, match=r"^Secret churn-object-storage-users: does not say what Secret churn-s3-pred"):
        make(api, settings())


def test_somebodys_own_users_are_left_alone(server: ApiServer, api: KubernetesApi) -> None:
    make(api, settings(PARTS=WITHOUT_LOG))
    server.objects[USERS]["metadata"]["labels"] = {}
    before = copy.deepcopy(server.objects[USERS])
    with pytest.raises(DataError, match=r"^Secret churn-object-storage-users: lacks the user of Secret churn-s3-pred"):
        make(api, settings())
    assert server.objects[USERS] == before


def test_no_users_no_user_more(server: ApiServer, api: KubernetesApi) -> None:
    with pytest.raises(DataError, match=r"^Secret churn-object-storage-users: is not there"):
        make(api, settings(PARTS="prediction-log-user"))
    assert not server.objects
