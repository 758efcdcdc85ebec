"""The first secrets of a release: made once, never changed, and completed after a stop at any point."""

import base64
import copy
import hashlib
import json
from pathlib import Path

import pytest

from churn_data.errors import DataError, Unavailable
from churn_model import TrustedKeys
from churn_model.prediction_log.pseudonyms import read_pseudonym_keys
from churn_model.signing import SigningKey
from churn_training.cluster.bootstrap import PARTS
from churn_training.cluster.kubernetes_api import KubernetesApi, Refused
from small_api_server import ApiServer
from tests.training.bootstrapped import (
    MADE,
    SECRETS,
    USERS,
    VERIFY_KEY,
    WITHOUT_LOG,
    api,
    make,
    secret,
    server,
    settings,
)

__all__ = ["api", "server"]  # fixtures


def test_everything_is_made_and_fits_together(
    server: ApiServer, api: KubernetesApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    starter = SigningKey.generate(tmp_path / "starter.pem")
    (tmp_path / "verify.pem").write_bytes(starter.public_pem())
    make(api, settings(STARTER_KEY=str(tmp_path / "verify.pem")))
    assert server.objects.keys() == MADE
    labels = {name: made["metadata"]["labels"]["app.kubernetes.io/managed-by"] for name, made in server.objects.items()}
    assert set(labels.values()) == {"churn-bootstrap"}

    (tmp_path / "signing.pem").write_text(secret(server, "churn-signing-key")["signing.pem"])
    trusted = TrustedKeys.from_pem(server.objects[VERIFY_KEY]["data"]["verify.pem"].encode())
    for key in (starter, SigningKey.load(tmp_path / "signing.pem")):
        trusted.verify(b"x", key.sign(b"x"))

    first = secret(server, "churn-api-key-initial")
    assert (len(first["key"]), first["key"][:6]) == (6 + 43, "churn_")
    hashed = json.loads(secret(server, "churn-api-keys")["api-keys.json"])
    assert hashed == {"keys": [{"id": first["id"], "sha256": hashlib.sha256(first["key"].encode()).hexdigest()}]}

    accounts = json.loads(secret(server, "churn-object-storage-users")["users.json"])["accessAccounts"]
    for consumer in ("serving", "training", "mlflow", "prediction-log"):
        user = secret(server, f"churn-s3-{consumer}")
        account = accounts[user["AWS_ACCESS_KEY_ID"]]
        assert (account["secret"], account["role"]) == (user["AWS_SECRET_ACCESS_KEY"], "user")
    annotations = server.objects[f"{SECRETS}/churn-s3-serving"]["metadata"]["annotations"]
    assert annotations["serving.kserve.io/s3-endpoint"] == "churn-object-storage:9000"
    assert annotations["serving.kserve.io/s3-usehttps"] == "0"

    (tmp_path / "keys.json").write_text(secret(server, "churn-prediction-log-keys")["prediction-log.json"])
    (pseudonyms,) = read_pseudonym_keys(tmp_path / "keys.json")
    assert len(pseudonyms.of("7590-VHVEG")) == 16

    said = capsys.readouterr().err
    for name in MADE - {VERIFY_KEY}:
        assert not any(value in said for value in secret(server, name.rsplit("/", 1)[-1]).values() if len(value) > 20)


def test_a_second_time_changes_nothing(server: ApiServer, api: KubernetesApi) -> None:
    make(api, settings())
    before = copy.deepcopy(server.objects)
    server.seen.clear()
    make(api, settings())
    assert server.objects == before
    assert {method for method, _ in server.seen} == {"GET"}


@pytest.mark.parametrize("steps", range(1, len(MADE)))
def test_a_stop_after_any_step_is_completed_without_contradiction(
    steps: int, server: ApiServer, api: KubernetesApi
) -> None:
    created = 0

    def stop(path: str, body: dict[str, object]) -> tuple[int, bytes]:
        nonlocal created
        created += 1
        return server.store(path, body) if created <= steps else (500, b"{}")

    server.create = stop
    with pytest.raises(Unavailable):
        make(api, settings())
    half = copy.deepcopy(server.objects)
    assert len(half) == steps
    server.create = server.store
    make(api, settings())
    assert server.objects.keys() == MADE
    assert all(server.objects[name] == made for name, made in half.items() if name != USERS)
    first = secret(server, "churn-api-key-initial")["key"]
    assert hashlib.sha256(first.encode()).hexdigest() in secret(server, "churn-api-keys")["api-keys.json"]


@pytest.mark.parametrize("lost", ["churn-s3-training", "churn-object-storage-users", "churn-object-storage-root"])
def test_what_is_lost_is_made_to_fit_what_is_there(lost: str, server: ApiServer, api: KubernetesApi) -> None:
    make(api, settings())
    before = secret(server, lost)
    del server.objects[f"{SECRETS}/{lost}"]
    make(api, settings())
    if lost != "churn-object-storage-root":
        assert secret(server, lost) == before


def test_the_first_key_may_be_thrown_away(server: ApiServer, api: KubernetesApi) -> None:
    make(api, settings())
    del server.objects[f"{SECRETS}/churn-api-key-initial"]
    before = copy.deepcopy(server.objects)
    make(api, settings())
    assert server.objects == before


def test_somebodys_own_public_keys_are_left_alone(server: ApiServer, api: KubernetesApi) -> None:
    own = {"metadata": {"name": "churn-verify-key"}, "data": {"verify.pem": "mine"}}
    server.objects[VERIFY_KEY] = copy.deepcopy(own)
    make(api, settings())
    assert server.objects[VERIFY_KEY] == own


def test_only_the_parts_that_are_asked_for(server: ApiServer, api: KubernetesApi, tmp_path: Path) -> None:
    SigningKey.generate(tmp_path / "own.pem")
    content = base64.b64encode((tmp_path / "own.pem").read_bytes()).decode()
    server.objects[f"{SECRETS}/own"] = {"metadata": {"name": "own"}, "data": {"signing.pem": content}}
    make(api, settings(PARTS="verify", SIGNING_SECRET="own", FULLNAME="x-churn"))
    assert server.objects.keys() == {f"{SECRETS}/own", "/api/v1/namespaces/shop/configmaps/x-churn-verify-key"}


def test_contradictions_and_gaps_are_named(server: ApiServer, api: KubernetesApi) -> None:
    with pytest.raises(
        DataError, match=r"^Secret churn-signing-key: is not there, so there is no public key to trust$"
    ):
        make(api, settings(PARTS="verify"))
    make(api, settings())
    user = server.objects[f"{SECRETS}/churn-s3-mlflow"]["data"]
    user["AWS_SECRET_ACCESS_KEY"] = base64.b64encode(b"other").decode()
    with pytest.raises(
        DataError, match=r"^Secret churn-object-storage-users: does not say what Secret churn-s3-mlflow"
    ):
        make(api, settings())


def test_a_secret_that_somebody_makes_in_between_counts(server: ApiServer, api: KubernetesApi) -> None:
    place = f"{SECRETS}/churn-signing-key"

    def overtake(path: str, body: dict[str, object]) -> tuple[int, bytes]:
        if place not in server.objects:
            server.store(path, copy.deepcopy(body))
        return server.store(path, body)

    server.create = overtake
    make(api, settings(PARTS="signing,verify"))
    assert server.objects.keys() == {place, VERIFY_KEY}


def test_a_refusal_is_one_line(server: ApiServer, api: KubernetesApi) -> None:
    server.refusals["GET", f"{SECRETS}/churn-signing-key"] = 403
    with pytest.raises(Refused) as caught:
        make(api, settings())
    assert str(caught.value) == f"the Kubernetes API at {server.url} refused: no GET of this (403)"


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        (
            "PARTS",
            "signing,nonsense",
            f"'nonsense' is not one of {WITHOUT_LOG.replace(',', ', ')}, {', '.join(PARTS[-4:])}",
        ),
        ("STORAGE_ENDPOINT", "churn:9000", "'churn:9000' is not an http:// or https:// address"),
        ("NAMESPACE", "", "must be set outside of a pod"),
    ],
)
def test_bad_settings_are_named(name: str, value: str, problem: str) -> None:
    with pytest.raises(DataError, match=f"^CHURN_BOOTSTRAP_{name}: {problem}$"):
        settings(**{name: value})
