"""The identity of a use case's content, to tell whether a model was made for what the file says today."""

import hashlib

import msgspec

from churn_model.usecase import UseCase


def usecase_sha256(usecase: UseCase) -> str:
    """Hex SHA-256 of everything the use case says, whatever its layout and comments."""
    return hashlib.sha256(msgspec.json.encode(usecase, order="deterministic")).hexdigest()
