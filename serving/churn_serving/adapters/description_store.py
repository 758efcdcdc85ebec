"""The last known description of the served model, on local disk: a gateway that starts while everything else is down
can still answer from the scorecard. Proven again when it is read, like anything that comes from outside."""

import os
import tempfile
from pathlib import Path

import msgspec

from churn_model import CorruptPackage, Description, PackageError, TrustedKeys

_FILE = "description.json"


class DescriptionStore:
    """One file in ``folder``, replaced atomically."""

    def __init__(self, folder: Path, trusted: TrustedKeys) -> None:
        self._path = folder / _FILE
        self._trusted = trusted

    def load(self) -> Description | None:
        """What was last saved; None if there is nothing, or nothing that a trusted key signed."""
        try:
            return read_description(self._path, self._trusted)
        except (OSError, PackageError):
            return None

    def save(self, description: Description) -> None:
        """Remember a description.

        Raises:
            OSError: the folder cannot be written.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=self._path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.encode(description.to_documents()))
            Path(temporary).replace(self._path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise


def read_description(path: Path, trusted: TrustedKeys) -> Description:
    """The description in a file, proven.

    Raises:
        OSError: there is none that could be read.
        PackageError: it is none, or no trusted key signed it.
    """
    try:
        documents = msgspec.json.decode(path.read_bytes())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CorruptPackage("not a JSON document") from error
    return Description.from_documents(documents, trusted)
