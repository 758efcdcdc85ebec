"""Where the log's tables last: a folder, or a prefix in object storage. A file is there whole or not at all, and once
it is said to be there it survives a loss of power, since what it was made of is thrown away then.

It must not know what the files hold.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from churn_data.errors import DataError
from churn_data.folders import inside
from churn_data.locations import Location, ObjectLocation

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

IMPATIENT_SECONDS = 20.0
_UNFINISHED = re.compile(r"\..+\.[0-9]+\Z")


class Store:
    """Files by their path below ``root``. Who comes back to a call by itself is ``impatient``: object storage that is
    away, or accepts a connection and says nothing, is then named after :data:`IMPATIENT_SECONDS` at most."""

    def __init__(self, root: Location, *, impatient: bool = False) -> None:
        self.root, self._impatient = root, impatient
        self._kept: S3Client | None = None

    @property
    def _client(self) -> "S3Client":
        """Made once: making one takes longer than a call."""
        from churn_data.object_storage import storage

        if self._kept is None:
            self._kept = storage(attempts=1, read_seconds=IMPATIENT_SECONDS) if self._impatient else storage()
        return self._kept

    def put(self, name: str, content: bytes) -> None:
        """Write a file, in place of one that is there.

        Raises:
            DataError, Unavailable: one line that names it.
        """
        place = inside(self.root, name)
        if isinstance(place, ObjectLocation):
            from churn_data.object_storage import put

            put(content, place, self._client)
        else:
            _write(place, content)

    def get(self, name: str) -> bytes | None:
        """A file's content; None where there is none.

        Raises:
            DataError, Unavailable: one line that names it.
        """
        place = inside(self.root, name)
        if isinstance(place, ObjectLocation):
            from churn_data.object_storage import content_of

            return content_of(place, client=self._client)
        try:
            return place.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DataError(str(place), f"cannot be read ({error.strerror})") from None

    def names(self, below: str = "") -> list[str]:
        """The paths of all files below a folder of the store, in order.

        Raises:
            DataError, Unavailable: one line that names it.
        """
        if isinstance(self.root, ObjectLocation):
            return sorted(_objects(self.root, below, self._client))
        return sorted(_files(self.root, below))

    def delete(self, name: str) -> None:
        """Take a file away; one that is not there is fine.

        Raises:
            DataError, Unavailable: one line that names it.
        """
        place = inside(self.root, name)
        if isinstance(place, ObjectLocation):
            from churn_data.object_storage import delete

            delete(place, self._client)
            return
        try:
            place.unlink(missing_ok=True)
            for folder in place.parents:
                if folder == self.root:
                    break
                folder.rmdir()
        except OSError:  # a folder that is not empty stays
            if place.exists():
                raise DataError(str(place), "cannot be taken away") from None

    def clear(self) -> int:
        """Take away what processes that were killed had begun to write, of which nobody else knows; returns how many
        files. In object storage there is nothing of the kind.

        Raises:
            DataError: one line that names what cannot be taken away.
        """
        if isinstance(self.root, ObjectLocation):
            return 0
        begun = [path for path in self.root.rglob(".*") if _UNFINISHED.match(path.name) and path.is_file()]
        return sum(map(_take_if_nobody_writes, begun))


def _objects(root: ObjectLocation, below: str, client: "S3Client") -> Iterator[str]:
    from churn_data.object_storage import objects_below

    start = f"{root.key.rstrip('/')}/".lstrip("/")
    for key, _ in objects_below(ObjectLocation(root.bucket, f"{start}{below}"), client):
        if not key.endswith("/"):  # what consoles make to show a folder
            yield key.removeprefix(start)


def _files(root: Path, below: str) -> Iterator[str]:
    for path in (root / below).rglob("*"):
        name = path.relative_to(root).as_posix()
        if path.is_file() and not path.name.startswith("."):
            yield name


def _write(place: Path, content: bytes) -> None:
    temporary = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            with suppress(OSError):  # a file system without locks
                fcntl.flock(file, fcntl.LOCK_EX)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            temporary.replace(place)
        folder = os.open(place.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise DataError(str(place), f"cannot be written ({error.strerror or error})") from None
    finally:
        with suppress(OSError):
            temporary.unlink()


def _take_if_nobody_writes(path: Path) -> bool:
    """Whoever writes a file has it locked until it has its name."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
    except (FileNotFoundError, BlockingIOError):
        return False
    except OSError as error:
        raise DataError(str(path), f"cannot be taken away ({error.strerror})") from None
    return True
