"""The content of a release's first Secrets: keys, users and what follows from them.

Pure but for the randomness of what is new. It must not speak to a cluster, and nothing here may be printed.
"""

import hashlib
import json
import secrets
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from churn_data.errors import DataError
from churn_model.prediction_log.pseudonyms import add_pseudonym_key
from churn_model.signing import SigningKey
from churn_training.cluster.names import (
    API_KEYS,
    CONSUMERS,
    PSEUDONYM_KEYS,
    SIGNING,
    USER_ID,
    USER_SECRET,
    USERS,
)

Content = dict[str, str]

FIRST_CALLER = "initial"


def new_signing_key() -> Content:
    """A new Ed25519 private key."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / SIGNING
        SigningKey.generate(path)
        return {SIGNING: path.read_text()}


def public_half(signing: Mapping[str, str], where: str) -> str:
    """The public half of a signing key.

    Raises:
        DataError: there is no key in it.
        UntrustedPackage: it is not an Ed25519 key.
    """
    if SIGNING not in signing:
        raise DataError(where, f"has no key {SIGNING}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / where
        path.write_text(signing[SIGNING])
        return SigningKey.load(path).public_pem().decode()


def new_api_key() -> Content:
    """A key for a first caller, in clear."""
    return {"id": FIRST_CALLER, "key": f"churn_{secrets.token_urlsafe(32)}"}


def hashed_api_keys(first: Mapping[str, str], where: str) -> Content:
    """What the gateway is given of it. A key is 32 random bytes, so a plain SHA-256 cannot be guessed back.

    Raises:
        DataError: the Secret has no such key.
    """
    if not first.get("key"):
        raise DataError(where, "has no key `key`")
    digest = hashlib.sha256(first["key"].encode()).hexdigest()
    return {API_KEYS: json.dumps({"keys": [{"id": first.get("id") or FIRST_CALLER, "sha256": digest}]}, indent=2)}


def new_pseudonym_keys() -> Content:
    """The first key that customers are hashed with in the prediction log, named by the day."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / PSEUDONYM_KEYS
        add_pseudonym_key(path, f"{datetime.now(UTC):%Y-%m-%d}")
        return {PSEUDONYM_KEYS: path.read_text()}


def new_user(name: str) -> Content:
    """Credentials of a user of the object storage."""
    return {USER_ID: name, USER_SECRET: secrets.token_urlsafe(30)}


def known_user(users: Mapping[str, str], name: str) -> Content | None:
    """Credentials of a user who is in the users' file already, None if not."""
    account = _accounts(users).get(name)
    return {USER_ID: name, USER_SECRET: account["secret"]} if account else None


def users_file(credentials: Mapping[str, Mapping[str, str]]) -> Content:
    """The users' file of versitygw's internal accounts: plain users who own nothing and may do what a policy says."""
    accounts = {each[USER_ID]: _account(each) for each in credentials.values()}
    return {USERS: json.dumps({"accessAccounts": accounts}, indent=2)}


def with_user(users: Mapping[str, str], user: Mapping[str, str]) -> Content | None:
    """The users' file with one more; the file as it is where they are in it, None where they are with another secret.
    Those who are there stay as they are."""
    accounts: dict[str, Mapping[str, object]] = {**_accounts(users)}
    known = accounts.setdefault(user[USER_ID], _account(user))
    if known.get("secret") != user[USER_SECRET]:
        return None
    if user[USER_ID] in _accounts(users):
        return dict(users)
    return {**users, USERS: json.dumps({"accessAccounts": accounts}, indent=2)}


def _account(user: Mapping[str, str]) -> dict[str, object]:
    return {
        "access": user[USER_ID],
        "secret": user[USER_SECRET],
        "role": "user",
        "userID": 0,
        "groupID": 0,
        "projectID": 0,
    }


def contradiction(users: Mapping[str, str], credentials: Mapping[str, Mapping[str, str]]) -> str | None:
    """The consumer whose Secret is not what the users' file says, None if they agree."""
    accounts = _accounts(users)
    for consumer in CONSUMERS:
        each = credentials[consumer]
        if accounts.get(each.get(USER_ID, ""), {}).get("secret") != each.get(USER_SECRET):
            return consumer
    return None


def _accounts(users: Mapping[str, str]) -> dict[str, dict[str, str]]:
    try:
        found: dict[str, dict[str, str]] = json.loads(users.get(USERS, "{}")).get("accessAccounts", {})
    except (ValueError, AttributeError):
        return {}
    return found
