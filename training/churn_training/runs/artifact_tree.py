"""A tree of artifacts as MLflow has laid it out, in a folder or in object storage, read without MLflow.

It must not know what a file means, beyond its name. Nothing is written.
"""

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from churn_data.errors import DataError
from churn_data.locations import Location, ObjectLocation

Folders = Mapping[str, Sequence[str]]
"""Names of the files by the folder that they lie in, a path below the root with slashes."""


class ArtifactTree(Protocol):
    """What lies below a root."""

    def folders(self) -> Folders:
        """Every folder that holds a file.

        Raises:
            DataError, Unavailable: the root cannot be read.
        """

    def read(self, path: str, most: int) -> bytes | None:
        """A file's content, of one that is larger than `most` bytes one byte more than that; None where there is none.

        Raises:
            DataError, Unavailable: it cannot be read.
        """

    def address(self, folder: str) -> str:
        """The URI of a folder, as MLflow keeps it."""


def artifact_tree(root: Location) -> ArtifactTree:
    """The tree below a place."""
    return _Objects(root) if isinstance(root, ObjectLocation) else _Files(root.absolute())


class _Files:
    """Of this machine; links are not followed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def folders(self) -> Folders:
        if not self._root.is_dir():
            raise DataError(str(self._root), "there is no such folder")
        found: dict[str, Sequence[str]] = {}
        for folder, below, names in os.walk(self._root, onerror=_unreadable):
            below.sort()
            if names:
                found[Path(folder).relative_to(self._root).as_posix()] = sorted(names)
        return found

    def read(self, path: str, most: int) -> bytes | None:
        file = self._root / path
        try:
            if file.is_symlink() or not file.is_file():
                return None
            with file.open("rb") as stream:
                return stream.read(most + 1)
        except OSError as error:
            raise DataError(str(file), f"cannot be read ({error.strerror})") from error

    def address(self, folder: str) -> str:
        return (self._root / folder).as_uri()


class _Objects:
    """Of object storage, by one client."""

    def __init__(self, root: ObjectLocation) -> None:
        from churn_data.object_storage import storage

        self._root, self._client = root, storage()
        self._prefix = f"{root.key.strip('/')}/" if root.key.strip("/") else ""

    def folders(self) -> Folders:
        from churn_data.object_storage import objects_below

        found: dict[str, list[str]] = defaultdict(list)
        for key, _ in objects_below(ObjectLocation(self._root.bucket, self._prefix), self._client):
            folder, _, name = key.removeprefix(self._prefix).rpartition("/")
            if name:
                found[folder].append(name)
        return found

    def read(self, path: str, most: int) -> bytes | None:
        from churn_data.object_storage import content_of

        place = ObjectLocation(self._root.bucket, self._prefix + path)
        with suppress(DataError):
            return content_of(place, f"bytes=0-{most}", self._client)
        # Nothing has no range: what is empty, and what is refused, is asked for whole.
        return content_of(place, client=self._client)

    def address(self, folder: str) -> str:
        return f"s3://{self._root.bucket}/{self._prefix}{folder}".rstrip("/")


def _unreadable(error: OSError) -> None:
    raise DataError(str(error.filename), f"cannot be read ({error.strerror})") from error
