"""What a namespace keeps for a release: Secrets and ConfigMaps as texts, made where they lack, and completed where
something may be added. Nothing else is changed. It says names and never a value, and must not know which of them a
release needs.
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from churn_data.errors import DataError
from churn_training.cluster import material
from churn_training.cluster.kubernetes_api import CONFLICT, KubernetesApi, Refused
from churn_training.cluster.material import Content
from churn_training.cluster.starter_trust import Starter, verify_keys

MANAGER = "churn-bootstrap"


class Shelf:
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

    def add_user(self, name: str, user: Mapping[str, str], source: str) -> None:
        """Let the users' file of a Secret have one more user, whom the Secret `source` describes.

        Raises:
            DataError: it has this user with another secret, or is somebody's own.
        """
        found = self._api.find("secrets", name)
        assert found is not None  # noqa: S101 - it was read a moment ago, and nothing here takes it away
        content = material.with_user(_texts(found), user)
        if content is None:
            raise DataError(f"Secret {name}", f"does not say what Secret {source} says; delete {source}")
        if content == _texts(found):
            self.say(f"Secret {name}: has the user of {source} already")
            return
        if not _is_ours(found):
            raise DataError(f"Secret {name}", f"lacks the user of Secret {source}, but is somebody's own; add it there")
        # The version makes it a conflict where somebody else has changed the file meanwhile.
        version = {key: value for key, value in found["metadata"].items() if key == "resourceVersion"}
        data = {key: base64.b64encode(text.encode()).decode() for key, text in content.items()}
        try:
            self._api.merge("secrets", name, {"metadata": version, "data": data})
        except Refused as error:
            if error.status != CONFLICT:
                raise
            self.add_user(name, user, source)
        else:
            self.say(f"Secret {name}: the user of {source} was added")

    def trust(self, name: str, starter: Starter, own: str) -> None:
        """A ConfigMap that holds the release's public key and its starters'; one that somebody else made is left alone.

        Raises:
            DataError: what it says of starters is not readable.
        """
        found = self._api.find("configmaps", name)
        metadata: dict[str, Any] = {"name": name, "labels": self._labels}
        if found is None:
            content = verify_keys({}, starter, own)
            self._api.create(
                "configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": content}
            )
            self.say(f"ConfigMap {name}: made")
            return
        held = found.get("data") or {}
        if not _is_ours(found):
            self.say(f"ConfigMap {name}: is somebody's own and left as it is")
            return
        content = verify_keys(held, starter, own)
        if held == held | content:
            self.say(f"ConfigMap {name}: there already")
        else:
            # The version makes it a conflict where a person has changed the keys meanwhile.
            version = {key: value for key, value in found["metadata"].items() if key == "resourceVersion"}
            self._api.merge("configmaps", name, {"metadata": version, "data": content})
            self.say(f"ConfigMap {name}: its public keys follow this release")


def _is_ours(found: Mapping[str, Any]) -> bool:
    return (found["metadata"].get("labels") or {}).get("app.kubernetes.io/managed-by") == MANAGER


def _texts(secret: Mapping[str, Any]) -> Content:
    return {key: base64.b64decode(value).decode() for key, value in (secret.get("data") or {}).items()}
