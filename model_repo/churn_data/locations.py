"""Where files come from and go to: a path of this machine, or `s3://bucket/key` in object storage.

Commands work on files alone; this turns an object into a private temporary file and back. It must not know what is in
them.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from churn_data.errors import DataError

SCHEME = "s3://"


@dataclass(frozen=True)
class ObjectLocation:
    """An object in object storage; its text is the URI that was given."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.key}" if self.key else f"{SCHEME}{self.bucket}"

    @property
    def name(self) -> str:
        """The last part of the key, as a file would be called."""
        return self.key.rsplit("/", 1)[-1]


Location = Path | ObjectLocation


def location(text: str) -> Location:
    """The place that a command line names; never fails, so that a bad one is refused where it is used."""
    if not text.startswith(SCHEME):
        return Path(text)
    bucket, _, key = text.removeprefix(SCHEME).partition("/")
    return ObjectLocation(bucket, key)


@contextmanager
def local_copy(place: Location) -> Iterator[Path]:
    """A file with the place's content for the block. A download is readable by this user alone and gone afterwards.

    Raises:
        DataError: there is no such object or no permission; from the block too, then under the object's own name.
        Unavailable: the object storage does not answer.
    """
    if isinstance(place, Path):
        yield place
        return
    _require_object(place)
    from churn_data.object_storage import download
    from churn_data.progress import counting_bytes

    with _private_file(place) as path:
        with counting_bytes(f"downloading {place}") as counter:
            download(place, path, counter.expect, counter.advance)
        yield path


@contextmanager
def upload_after(place: Location) -> Iterator[Path]:
    """A file to write in the block; an object is stored when the block has succeeded.

    Raises:
        DataError, Unavailable: as `local_copy`.
    """
    if isinstance(place, Path):
        yield place
        return
    _require_object(place)
    from churn_data.object_storage import upload

    with _private_file(place) as path:
        yield path
        upload(path, place)


@contextmanager
def _private_file(place: ObjectLocation) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="churn-") as folder:  # created with mode 0700
        path = Path(folder) / place.name
        try:
            yield path
        except DataError as error:
            raise error.of(str(place)) if error.file == str(path) else error from None


def _require_object(place: ObjectLocation) -> None:
    if not place.bucket or not place.name or place.name in (os.curdir, os.pardir):
        raise DataError(str(place), "s3://bucket/key was expected")
