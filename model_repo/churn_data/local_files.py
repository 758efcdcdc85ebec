"""Files for what works on files alone: an object becomes a private temporary file, and back.

It must not know what is in them.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from churn_data.errors import DataError
from churn_data.files import refuse_other_kinds
from churn_data.locations import Location, ObjectLocation
from churn_data.notices import called


@contextmanager
def local_copy(place: Location) -> Iterator[Path]:
    """A file with the place's content for the block. A download is readable by this user alone and gone afterwards.

    Raises:
        DataError: there is no such object or no permission; from the block too, then under the object's own name.
        Unavailable: the object storage does not answer.
    """
    if isinstance(place, Path):
        refuse_other_kinds(place)
        yield place
        return
    _require_object(place)
    from churn_data.object_storage import download
    from churn_data.progress import counting_bytes

    with _private_file(place) as path:
        with counting_bytes(f"downloading {place}") as counter:
            download(place, path, counter.expect, counter.advance)
        with called(str(path), str(place)):
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


def is_replaced(place: Location) -> bool:
    """Whether writing there takes the place of a file of this machine; of objects nobody asks, for whoever may write
    them need not be allowed to look."""
    return isinstance(place, Path) and place.is_file()


def _require_object(place: ObjectLocation) -> None:
    if not place.bucket or not place.name or place.name in (os.curdir, os.pardir):
        raise DataError(str(place), "s3://bucket/key was expected")
