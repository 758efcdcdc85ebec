"""Which batches of scores there are, and whether each is whole: names, times and sizes of files, nothing inside them.

A batch is a file that `churn score` has written, or a folder of the parts that shards of it have. Its name is the
file's without the ending; customers of the same name lie in another folder.
"""

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path

from churn_data.errors import DataError
from churn_data.folders import Part, parts_of
from churn_marketing.errors import BatchError

ENDINGS = (".parquet", ".csv")
STILL_SECONDS = 5.0
"""What was written to more lately is looked at later: somebody may be copying it."""
_DONE = ".done"
_LONGEST_NAME = 80
_MAGIC = b"PAR1"


@dataclass(frozen=True)
class Batch:
    """Answers as they lie on disk. ``written`` is a time (seconds since 1970), ``version`` changes with the content.
    ``customers`` is the file or folder that was scored, None where there is none."""

    name: str
    files: tuple[Path, ...]
    written: float
    version: str
    customers: Path | None

    @property
    def code(self) -> str:
        """A short name that no other content and no other batch has."""
        return hashlib.sha256(f"{self.name}\0{self.version}".encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Unfit:
    """A batch that cannot be shown, and why, in a sentence for people."""

    name: str
    problem: str


def find_batches(folder: Path, customers: Path) -> tuple[list[Batch], list[Unfit]]:
    """What lies in a folder, the newest first, and what of it is not whole."""
    batches: list[Batch] = []
    unfit: list[Unfit] = []
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return [], []
    for entry in entries:
        if entry.name.startswith((".", "_")) or not (entry.is_dir() or entry.suffix in ENDINGS):
            continue
        called = (entry.name if entry.is_dir() else entry.stem)[:_LONGEST_NAME]
        if not _is_text(called):
            unfit.append(Unfit(called.encode(errors="replace").decode(), "its name is no UTF-8; rename it"))
            continue
        try:
            batches.append(_batch(entry, called, _named(customers, called)))
        except (BatchError, DataError) as error:
            unfit.append(Unfit(called, str(error).removeprefix(f"{entry}: ")))
        except OSError as error:
            unfit.append(Unfit(called, f"cannot be read ({error.strerror})"))
    return sorted(batches, key=lambda batch: (batch.written, batch.name), reverse=True), unfit


def _is_text(name: str) -> bool:
    """Whether a name can be written down: systems of before Unicode have left others."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _batch(entry: Path, called: str, customers: Path | None) -> Batch:
    files = _parts(entry, customers) if entry.is_dir() else (entry,)
    stated = [file.stat() for file in files]
    written = max(each.st_mtime for each in stated)
    if 0 <= time.time() - written < STILL_SECONDS:
        raise BatchError("is being written at this moment; it is looked at again in a few seconds")
    for file in files:
        _require_whole(file)
    version = "|".join(f"{each.st_size}-{each.st_mtime_ns}" for each in stated)
    if customers is not None:
        version += f"|{_version(customers)}"
    return Batch(called, files, written, version, customers)


def _parts(folder: Path, customers: Path | None) -> tuple[Path, ...]:
    """The parts of a folder, all of them.

    Raises:
        BatchError: some are missing, or have been left half-done.
    """
    files = tuple(sorted(path for path in folder.rglob("*") if path.suffix in ENDINGS and _is_shown(path, folder)))
    if not files:
        raise BatchError("the folder holds no scores yet")
    undone = [path for path in files if not path.with_name(path.name + _DONE).is_file()]
    if undone:
        raise BatchError(f"{len(undone)} of {len(files)} parts are not complete; their shard is still at work or ended")
    if customers is not None:
        _require_all(parts_of(customers), files, folder)
    if len({path.suffix for path in files}) > 1:
        raise BatchError("the folder holds both Parquet and CSV; score it into a folder of its own")
    return files


def _require_all(wanted: list[Part], files: tuple[Path, ...], folder: Path) -> None:
    there = {path.relative_to(folder).as_posix().removesuffix(path.suffix) for path in files}
    missing = [part for part in wanted if part.answer not in there]
    if missing:
        raise BatchError(f"{len(missing)} of {len(wanted)} parts have no scores yet; their shards are still at work")


def _is_shown(path: Path, folder: Path) -> bool:
    return path.is_file() and not any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)


def _require_whole(file: Path) -> None:
    """Return if a file's end is one that a writer leaves when it has finished.

    Raises:
        BatchError: it is half-written.
    """
    with file.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - len(_MAGIC)))
        end = stream.read()
    if size == 0:
        raise BatchError("the file is empty")
    if file.suffix == ".parquet" and end != _MAGIC:
        raise BatchError("the file is half-written: a Parquet file without its end. Copy or score it again")
    if file.suffix == ".csv" and not end.endswith(b"\n"):
        raise BatchError("the file is half-written: its last line has no end. Copy or score it again")


def _named(folder: Path, called: str) -> Path | None:
    """What was scored: a file, or a folder, of that name."""
    whole = folder / called
    if whole.is_dir():
        return whole
    if not folder.is_dir():
        return None
    found = sorted(path for path in folder.glob(f"{_escaped(called)}.*") if path.is_file())
    return next((path for path in found if path.name.split(".", 1)[0] == called or path.stem == called), None)


def _escaped(text: str) -> str:
    return "".join(f"[{letter}]" if letter in "[*?" else letter for letter in text)


def _version(place: Path) -> str:
    files = sorted(path for path in place.rglob("*") if path.is_file()) if place.is_dir() else [place]
    stated = [(path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return hashlib.sha256(json.dumps(stated).encode()).hexdigest()[:16]
