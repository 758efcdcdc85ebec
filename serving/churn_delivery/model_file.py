"""`model.yaml` of an environment: which model it serves, as values for helm, and where that comes from, for people.

Address and digest are what counts. Name, version, run and figures stand in comments: helm has no use for them, and who
reads the file or its history has. It must not know git.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from churn_delivery.yaml_files import read_yaml

_HEAD = "# What this environment serves. Written by `churn promote` and `churn rollback`, which replace the whole file."
_RECORD = "# record: "


@dataclass(frozen=True)
class ServedModel:
    """A model by its immutable address and the digest of its package; `name`, `version` and `run` of the registry and
    the figures it was decided by, empty where a person wrote the file; `description`: its signed description as JSON
    text, from which gateways answer that reach no backend, empty where none was asked for."""

    uri: str
    digest: str
    name: str = ""
    version: str = ""
    run: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    description: str = field(default="", repr=False)

    @property
    def identity(self) -> str:
        """What two states of the file are compared by; empty: the starter model of the images."""
        return self.digest or self.uri

    @property
    def title(self) -> str:
        """How a sentence calls it."""
        if self.version:
            return f"{self.name} version {self.version}"
        return self.digest[:19] or self.uri or "the starter model"


def model_text(model: ServedModel) -> bytes:
    """The whole file."""
    record = {
        "name": model.name,
        "version": model.version,
        "run": model.run,
        "metrics": dict(sorted(model.metrics.items())),
    }
    values: dict[str, Any] = {"primary": {"model": {"uri": model.uri, "digest": model.digest}}}
    if model.description:
        values["gateway"] = {"lastKnownModel": model.description}
    flow = yaml.safe_dump(record, default_flow_style=True, sort_keys=False, width=10_000).strip()
    return f"{_HEAD}\n{_RECORD}{flow}\n{yaml.safe_dump(values, sort_keys=False, width=10**9)}".encode()


def read_model(path: str, text: bytes) -> ServedModel:
    """What a file says, its record as far as one can be read.

    Raises:
        EnvironmentProblem: it is not YAML.
    """
    values = read_yaml(path, text).values
    model = _mapping(_mapping(values.get("primary")).get("model"))
    record = _record(text.decode("utf-8"))
    description = str(_mapping(values.get("gateway")).get("lastKnownModel") or "")
    numbers = {str(key): value for key, value in _mapping(record.get("metrics")).items() if _is_number(value)}
    name, version, run = (str(record.get(key) or "") for key in ("name", "version", "run"))
    uri, digest = (str(model.get(key) or "") for key in ("uri", "digest"))
    return ServedModel(uri, digest, name, version, run, numbers, description)


def _record(text: str) -> dict[str, Any]:
    for line in text.splitlines():
        if line.startswith(_RECORD):
            try:
                return _mapping(yaml.safe_load(line.removeprefix(_RECORD)))
            except yaml.YAMLError:
                return {}
    return {}


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
