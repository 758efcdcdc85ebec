"""The paths of V2 that name a model: ``/v2/models/{name}[/versions/{version}][/infer|/ready]``, read once for every
server that answers them."""

from typing import NamedTuple

PREFIX = "/v2/models/"
INFER = "infer"
READY = "ready"
METADATA = ""


class ModelPath(NamedTuple):
    """A model that a path names (an empty version is any) and what is asked of it: one of the names above."""

    name: str
    version: str
    action: str


def read_model_path(path: str) -> ModelPath | None:
    """What a path asks for; None for one that is not of this form."""
    if not path.startswith(PREFIX):
        return None
    name, *rest = path[len(PREFIX) :].split("/")
    version = ""
    if len(rest) > 1 and rest[0] == "versions":
        version, rest = rest[1], rest[2:]
        if not version:
            return None
    action = rest[0] if rest else METADATA
    if not name or len(rest) > 1 or action not in (INFER, READY, METADATA) or (rest and not action):
        return None
    return ModelPath(name, version, action)
