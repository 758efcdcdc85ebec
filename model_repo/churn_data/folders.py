"""Many files of customers as parts of work: each file of a folder or of a prefix in object storage, and of Parquet each
row group.

The order is that of names and row groups, the same for whoever lists them, so that machines that know nothing of each
other can divide them by their numbers. It must not know what is done with a part.
"""

import io
import struct
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pyarrow
import pyarrow.parquet

from churn_data.errors import DataError
from churn_data.locations import Location, ObjectLocation
from churn_data.readable_files import is_parquet
from churn_data.written_files import whole_file

TABLES = {".csv", ".tsv", ".txt", ".parquet", ".pq", ".json", ".jsonl", ".ndjson", ".xlsx", ".arrow", ".feather"}
_PACKED = {".gz", ".bz2", ".xz", ".zst", ".zip"}
_TAIL = 8
_MAGIC = b"PAR1"


@dataclass(frozen=True)
class Part:
    """A file, or one row group of it; `name` is relative to the folder, `version` changes with the content."""

    place: Location
    name: str
    version: str
    row_group: int | None = None

    @property
    def answer(self) -> str:
        """The name of a file made of it, without an ending that says its format: of two parts never the same."""
        return self.name if self.row_group is None else f"{self.name}.{self.row_group:05d}"

    def __str__(self) -> str:
        return str(self.place) if self.row_group is None else f"{self.place}, row group {self.row_group}"


def parts_of(folder: Location) -> list[Part]:
    """What there is to do in a folder, or in the one file that it is; hidden files are left out.

    Raises:
        DataError: there is nothing, or a Parquet file that is none; Unavailable: the object storage does not answer.
    """
    found = [part for place, name, version in _files(folder) for part in _divided(place, name, version)]
    if not found:
        raise DataError(str(folder), "holds no table (CSV, Parquet, JSON or .xlsx)")
    return found


def inside(folder: Location, name: str) -> Location:
    """The place of a name in a folder."""
    if isinstance(folder, Path):
        return folder / name
    return ObjectLocation(folder.bucket, f"{folder.key.rstrip('/')}/{name}".lstrip("/"))


def read_note(place: Location) -> bytes | None:
    """The content of a small file; None where there is none."""
    if isinstance(place, ObjectLocation):
        from churn_data.object_storage import content_of

        return content_of(place)
    return place.read_bytes() if place.is_file() else None


def write_note(content: bytes, place: Location) -> None:
    """Write a small file, whole or not at all."""
    if isinstance(place, ObjectLocation):
        from churn_data.object_storage import put

        put(content, place)
        return
    with whole_file(place) as temporary:
        temporary.write_bytes(content)


def _files(folder: Location) -> list[tuple[Location, str, str]]:
    if isinstance(folder, ObjectLocation):
        return _objects(folder)
    paths = sorted(folder.rglob("*")) if folder.is_dir() else [folder]
    found: list[tuple[Location, str, str]] = []
    for path in paths:
        name = path.relative_to(folder).as_posix() if path != folder else path.name
        if path.is_file() and _is_table(name):
            stated = path.stat()
            found.append((path, name, f"{stated.st_size}-{stated.st_mtime_ns}"))
    return found


def _objects(folder: ObjectLocation) -> list[tuple[Location, str, str]]:
    from churn_data.object_storage import objects_below

    found: list[tuple[Location, str, str]] = []
    root = folder.key if folder.key.endswith("/") or not folder.key else f"{folder.key}/"
    for key, version in objects_below(folder):
        name = folder.name if key == folder.key else key.removeprefix(root)
        if (key == folder.key or key.startswith(root)) and _is_table(name):
            found.append((ObjectLocation(folder.bucket, key), name, version))
    return found


def _is_table(name: str) -> bool:
    path = PurePosixPath(name)
    ending = path.with_suffix("").suffix if path.suffix.lower() in _PACKED else path.suffix
    return ending.lower() in TABLES and not any(part.startswith((".", "_")) for part in path.parts)


def _divided(place: Location, name: str, version: str) -> list[Part]:
    if not is_parquet(Path(name)):
        return [Part(place, name, version)]
    groups = _row_groups(place)
    return (
        [Part(place, name, version, group) for group in range(groups)] if groups > 1 else [Part(place, name, version)]
    )


def _row_groups(place: Location) -> int:
    try:
        if isinstance(place, Path):
            return int(pyarrow.parquet.read_metadata(place).num_row_groups)
        return int(pyarrow.parquet.read_metadata(io.BytesIO(_footer(place))).num_row_groups)
    except (pyarrow.ArrowException, OSError, struct.error) as error:
        problem = str(error).split("\n", maxsplit=1)[0][:200]
        raise DataError(str(place), f"is not a Parquet file ({problem})") from None


def _footer(place: ObjectLocation) -> bytes:
    """The end of an object, which says what row groups it has, as a file of its own."""
    from churn_data.object_storage import content_of

    tail = content_of(place, f"bytes=-{_TAIL}") or b""
    (length,) = struct.unpack("<I", tail[:4])
    return _MAGIC + (content_of(place, f"bytes=-{length + _TAIL}") or b"")
