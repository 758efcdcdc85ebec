"""Makes what a fresh release lacks: its keys, its callers' first key, the users of its object storage.

Runs before the release's own pods. What exists is never changed, but for public keys that are added to trust; so it may
be run again, also after it was killed half way: what follows from something else is made after it, and made from what
is there. It says names and never a value.
"""

import base64
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from churn_data.errors import DataError
from churn_training.cluster import material
from churn_training.cluster.kubernetes_api import CONFLICT, KubernetesApi, Refused
from churn_training.cluster.material import Content
from churn_training.cluster.names import CONSUMERS, SERVING, VERIFY, Names

PARTS = ("signing", "verify", "api-keys", "object-storage")
MANAGER = "churn-bootstrap"
_NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


@dataclass(frozen=True)
class BootstrapSettings:
    """Environment CHURN_BOOTSTRAP_<NAME>. `parts` are made; `signing_secret` may be somebody's own."""

    names: Names
    instance: str
    namespace: str
    parts: tuple[str, ...]
    signing_secret: str
    starter_key: Path
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
        return cls(
            names=names,
            instance=read("INSTANCE", "churn"),
            namespace=namespace,
            parts=parts,
            signing_secret=read("SIGNING_SECRET", names.signing_key),
            starter_key=Path(read("STARTER_KEY", "/starter/verify.pem")),
            storage_endpoint=endpoint,
            storage_region=read("STORAGE_REGION", "us-east-1"),
        )


def bootstrap(api: KubernetesApi, settings: BootstrapSettings, say: Callable[[str], None]) -> None:
    """Make what is missing of the parts that are asked for; `say` is told the name of each.

    Raises:
        DataError: what is there contradicts itself; the text names the Secret.
        Failure: the API server refused or does not answer.
    """
    shelf = _Shelf(api, settings.instance, say)
    steps: dict[str, Callable[[_Shelf, BootstrapSettings], None]] = {
        "signing": _make_signing_key,
        "verify": _make_verify_key,
        "api-keys": _make_api_keys,
        "object-storage": _make_storage_users,
    }
    for part in PARTS:
        if part in settings.parts:
            steps[part](shelf, settings)


def _make_signing_key(shelf: "_Shelf", settings: BootstrapSettings) -> None:
    shelf.ensure_secret(settings.signing_secret, material.new_signing_key)


def _make_verify_key(shelf: "_Shelf", settings: BootstrapSettings) -> None:
    signing = shelf.secret(settings.signing_secret)
    if signing is None:
        raise DataError(f"Secret {settings.signing_secret}", "is not there, so there is no public key to trust")
    starter = settings.starter_key.read_text() if settings.starter_key.is_file() else ""
    shelf.trust(settings.names.verify_key, starter, material.public_half(signing, f"Secret {settings.signing_secret}"))


def _make_api_keys(shelf: "_Shelf", settings: BootstrapSettings) -> None:
    names = settings.names
    if shelf.secret(names.api_keys) is not None:
        # The first key may have been thrown away on purpose; another one would not be among the hashed ones.
        shelf.say(f"Secret {names.api_keys}: there already")
        return
    first = shelf.ensure_secret(names.first_api_key, material.new_api_key)
    hashed = material.hashed_api_keys(first, f"Secret {names.first_api_key}")
    shelf.ensure_secret(names.api_keys, lambda: hashed)


def _make_storage_users(shelf: "_Shelf", settings: BootstrapSettings) -> None:
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


def _kserve(settings: BootstrapSettings) -> dict[str, str]:
    """What KServe's storage initializer wants to know of an object storage, on the Secret with its credentials."""
    address = urlsplit(settings.storage_endpoint)
    return {
        "serving.kserve.io/s3-endpoint": address.netloc,
        "serving.kserve.io/s3-usehttps": "1" if address.scheme == "https" else "0",
        "serving.kserve.io/s3-region": settings.storage_region,
    }


class _Shelf:
    """Secrets and ConfigMaps of the namespace as texts by key."""

    def __init__(self, api: KubernetesApi, instance: str, say: Callable[[str], None]) -> None:
        self._api = api
        self.say = say
        self._labels = {
            "app.kubernetes.io/name": "churn",
            "app.kubernetes.io/instance": instance,
            "app.kubernetes.io/part-of": "churn-serving",
            "app.kubernetes.io/managed-by": MANAGER,
        }

    def secret(self, name: str) -> Content | None:
        """A Secret's content, None if it is not there."""
        found = self._api.find("secrets", name)
        return None if found is None else _texts(found)

    def ensure_secret(
        self, name: str, make: Callable[[], Content], annotations: Mapping[str, str] | None = None
    ) -> Content:
        """A Secret's content, made now if it is not there."""
        found = self.secret(name)
        if found is not None:
            self.say(f"Secret {name}: there already")
            return found
        content = make()
        body = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "labels": self._labels, "annotations": dict(annotations or {})},
            "type": "Opaque",
            "stringData": content,
        }
        try:
            self._api.create("secrets", body)
        except Refused as error:
            if error.status != CONFLICT:
                raise
            # Somebody else made it in between; theirs counts.
            return self.ensure_secret(name, make, annotations)
        self.say(f"Secret {name}: made")
        return content

    def trust(self, name: str, *public: str) -> None:
        """A ConfigMap that holds these public keys; one that somebody else made is left alone."""
        found = self._api.find("configmaps", name)
        metadata: dict[str, Any] = {"name": name, "labels": self._labels}
        if found is None:
            content = material.verify_keys("", *public)
            self._api.create(
                "configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": content}
            )
            self.say(f"ConfigMap {name}: made")
            return
        trusted = (found.get("data") or {}).get(VERIFY, "")
        content = material.verify_keys(trusted, *public)
        if content[VERIFY] == trusted:
            self.say(f"ConfigMap {name}: there already")
        elif (found["metadata"].get("labels") or {}).get("app.kubernetes.io/managed-by") != MANAGER:
            self.say(f"ConfigMap {name}: lacks a public key of this release, but is somebody's own and left as it is")
        else:
            self._api.merge("configmaps", name, {"data": content})
            self.say(f"ConfigMap {name}: a public key was added")


def _texts(secret: Mapping[str, Any]) -> Content:
    return {key: base64.b64decode(value).decode() for key, value in (secret.get("data") or {}).items()}
