"""Makes what a fresh release lacks: its keys, its callers' first key, the users of its object storage.

Runs before the release's own pods. What exists is never changed, but for the public keys that are trusted, and for
those who join the users of the object storage later, where a release begins to keep answers, to look back at them or to
show scores to people. So it may be run again, also after it was killed half way: what follows from something else is
made after it, and made from what is there. It says names and never a value.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from churn_data.errors import DataError
from churn_training.cluster import material
from churn_training.cluster.kubernetes_api import KubernetesApi
from churn_training.cluster.material import Content
from churn_training.cluster.names import CONSUMERS, MARKETING, MONITORING, PREDICTION_LOG, SERVING, Names
from churn_training.cluster.shelf import Shelf
from churn_training.cluster.starter_trust import Starter

PARTS = (
    "signing", "verify", "api-keys", "object-storage", "prediction-log-user", "prediction-log-keys", "monitoring-user",
    "marketing-user",
)  # fmt: skip
_NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


@dataclass(frozen=True)
class BootstrapSettings:
    """Environment CHURN_BOOTSTRAP_<NAME>. `parts` are made; `signing_secret` may be somebody's own;
    `starter_image` names the image whose starter `starter_key` signed."""

    names: Names
    instance: str
    namespace: str
    parts: tuple[str, ...]
    signing_secret: str
    starter_key: Path
    starter_image: str
    trust_starter: bool
    storage_endpoint: str
    storage_region: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "BootstrapSettings":
        """Read the settings.

        Raises:
            DataError: one is missing or not usable; the text names it.
        """

        def read(name: str, default: str) -> str:
            return environment.get(f"CHURN_BOOTSTRAP_{name}") or default

        names = Names(read("FULLNAME", "churn"))
        parts = tuple(part.strip() for part in read("PARTS", ",".join(PARTS)).split(",") if part.strip())
        for part in parts:
            if part not in PARTS:
                raise DataError("CHURN_BOOTSTRAP_PARTS", f"{part!r} is not one of {', '.join(PARTS)}")
        endpoint = read("STORAGE_ENDPOINT", f"http://{names.storage_service}:9000")
        if urlsplit(endpoint).scheme not in ("http", "https") or not urlsplit(endpoint).netloc:
            raise DataError("CHURN_BOOTSTRAP_STORAGE_ENDPOINT", f"{endpoint!r} is not an http:// or https:// address")
        namespace = read("NAMESPACE", _NAMESPACE_FILE.read_text().strip() if _NAMESPACE_FILE.is_file() else "")
        if not namespace:
            raise DataError("CHURN_BOOTSTRAP_NAMESPACE", "must be set outside of a pod")
        trust_starter = read("TRUST_STARTER", "true")
        if trust_starter not in ("true", "false"):
            raise DataError("CHURN_BOOTSTRAP_TRUST_STARTER", f"{trust_starter!r} is neither true nor false")
        return cls(
            names=names,
            instance=read("INSTANCE", "churn"),
            namespace=namespace,
            parts=parts,
            signing_secret=read("SIGNING_SECRET", names.signing_key),
            starter_key=Path(read("STARTER_KEY", "/starter/verify.pem")),
            starter_image=read("STARTER_IMAGE", "unnamed"),
            trust_starter=trust_starter == "true",
            storage_endpoint=endpoint,
            storage_region=read("STORAGE_REGION", "us-east-1"),
        )


def bootstrap(api: KubernetesApi, settings: BootstrapSettings, say: Callable[[str], None]) -> None:
    """Make what is missing of the parts that are asked for; `say` is told the name of each.

    Raises:
        DataError: what is there contradicts itself; the text names the Secret.
        Failure: the API server refused or does not answer.
    """
    shelf = Shelf(api, settings.instance, say)
    steps: dict[str, Callable[[Shelf, BootstrapSettings], None]] = {
        "signing": _make_signing_key,
        "verify": _make_verify_key,
        "api-keys": _make_api_keys,
        "object-storage": _make_storage_users,
        "prediction-log-user": partial(_add_user, PREDICTION_LOG),
        "prediction-log-keys": _make_pseudonym_keys,
        "monitoring-user": partial(_add_user, MONITORING),
        "marketing-user": partial(_add_user, MARKETING),
    }
    for part in PARTS:
        if part in settings.parts:
            steps[part](shelf, settings)


def _make_signing_key(shelf: Shelf, settings: BootstrapSettings) -> None:
    shelf.ensure_secret(settings.signing_secret, material.new_signing_key)


def _make_verify_key(shelf: Shelf, settings: BootstrapSettings) -> None:
    signing = shelf.secret(settings.signing_secret)
    if signing is None:
        raise DataError(f"Secret {settings.signing_secret}", "is not there, so there is no public key to trust")
    key = settings.starter_key.read_text() if settings.starter_key.is_file() else ""
    own = material.public_half(signing, f"Secret {settings.signing_secret}")
    shelf.trust(settings.names.verify_key, Starter(key, settings.starter_image, settings.trust_starter), own)


def _make_api_keys(shelf: Shelf, settings: BootstrapSettings) -> None:
    names = settings.names
    if shelf.secret(names.api_keys) is not None:
        # The first key may have been thrown away on purpose; another one would not be among the hashed ones.
        shelf.say(f"Secret {names.api_keys}: there already")
        return
    first = shelf.ensure_secret(names.first_api_key, material.new_api_key)
    hashed = material.hashed_api_keys(first, f"Secret {names.first_api_key}")
    shelf.ensure_secret(names.api_keys, lambda: hashed)


def _make_storage_users(shelf: Shelf, settings: BootstrapSettings) -> None:
    names = settings.names
    shelf.ensure_secret(names.storage_root, lambda: material.new_user(f"{names.fullname}-root"))
    known = shelf.secret(names.storage_users) or {}
    credentials: dict[str, Content] = {}
    for consumer in CONSUMERS:
        user = names.user(consumer)
        annotations = _kserve(settings) if consumer == SERVING else {}
        made = material.known_user(known, user) or material.new_user(user)
        credentials[consumer] = shelf.ensure_secret(names.consumer(consumer), lambda made=made: made, annotations)  # type: ignore[misc]
    users = shelf.ensure_secret(names.storage_users, lambda: material.users_file(credentials))
    wrong = material.contradiction(users, credentials)
    if wrong is not None:
        problem = f"does not say what Secret {names.consumer(wrong)} says; delete it to have it made again"
        raise DataError(f"Secret {names.storage_users}", problem)


def _add_user(consumer: str, shelf: Shelf, settings: BootstrapSettings) -> None:
    names = settings.names
    users = shelf.secret(names.storage_users)
    if users is None:
        raise DataError(f"Secret {names.storage_users}", "is not there, so there are no users to add one to")
    user = names.user(consumer)
    made = material.known_user(users, user) or material.new_user(user)
    credentials = shelf.ensure_secret(names.consumer(consumer), lambda: made)
    shelf.add_user(names.storage_users, credentials, names.consumer(consumer))


def _make_pseudonym_keys(shelf: Shelf, settings: BootstrapSettings) -> None:
    shelf.ensure_secret(settings.names.pseudonym_keys, material.new_pseudonym_keys)


def _kserve(settings: BootstrapSettings) -> dict[str, str]:
    """What KServe's storage initializer wants to know of an object storage, on the Secret with its credentials."""
    address = urlsplit(settings.storage_endpoint)
    return {
        "serving.kserve.io/s3-endpoint": address.netloc,
        "serving.kserve.io/s3-usehttps": "1" if address.scheme == "https" else "0",
        "serving.kserve.io/s3-region": settings.storage_region,
    }
