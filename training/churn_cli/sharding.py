"""Scores many files, or a share of them: machines that know nothing of each other divide a folder by numbers.

Each part's answers appear whole or not at all, and a note beside them says of what and by which model they are; who
comes again, after a kill or by mistake, does not do them again. It must not know who starts shards.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from churn_cli.batch import score_file
from churn_data.csv_head import suggestion
from churn_data.errors import DataError, glimpse
from churn_data.file_kinds import kind_of
from churn_data.folders import Part, inside, parts_of, read_note, write_note
from churn_data.local_files import local_copy, upload_after
from churn_data.locations import Location
from churn_data.notices import Notices, unheard
from churn_data.progress import Reporter
from churn_data.schema_cells import needed_columns
from churn_data.tables import open_table
from churn_model.package import Package
from churn_model.schema import Schema

INDEX = "JOB_COMPLETION_INDEX"
"""Set by Kubernetes in every pod of an indexed Job."""
FORMATS = ("csv", "parquet")
_SHOWN = 5


@dataclass(frozen=True)
class Shard:
    """Number `index`, from 0, of `count` equal shares of the work."""

    index: int
    count: int

    def of(self, parts: Iterable[Part]) -> list[Part]:
        """Its share of them."""
        return [part for number, part in enumerate(parts) if number % self.count == self.index]


def shard_of(text: str) -> Shard:
    """What `--shard` says: "I/N", or "N" where an indexed Job says which one this is.

    Raises:
        DataError: it says something else, or there is no such shard.
    """
    index, slash, count = text.rpartition("/")
    try:
        found = Shard(int(index if slash else os.environ.get(INDEX, "")), int(count))
    except ValueError:
        problem = f"{glimpse(text)!r} is not a shard: I/N, from 0/N on, or N with {INDEX} set"
        raise DataError("--shard", problem) from None
    if not 0 <= found.index < found.count:
        raise DataError("--shard", f"there is no shard {found.index} of {found.count}, they are counted from 0")
    return found


@dataclass
class FolderScoring:
    """Scores shares of folders into the folder `target`, as files of a `kind` of `FORMATS`, one a part, called as it.

    What it came to: parts `scored` and those `reused` that had been before, the `rows` of both, and by feature how many
    customers had a level that training never saw, and how many no value; `missing` texts are as of `score_file`.
    """

    package: Package
    target: Location
    kind: str
    missing: Sequence[str]
    reporter: Reporter
    scored: int = 0
    reused: int = 0
    rows: int = 0
    unseen: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)

    def score(self, source: Location, shard: Shard) -> None:
        """Score a share of the files of a folder, of a prefix in object storage, or of one file's row groups.

        Raises:
            DataError, Unavailable: one line; answers that are complete stay.
        """
        parts = parts_of(source)
        own = shard.of(parts)
        self._require_columns(source, own)
        self.reporter.note(f"shard {shard.index} of {shard.count}: {len(own)} of {len(parts)} parts of {source}")
        for place, few in groupby(own, key=lambda part: part.place):
            waiting = [part for part in few if not self._is_done(part)]
            if waiting:
                with local_copy(place) as path:
                    for part in waiting:
                        self._score(part, path)

    def _require_columns(self, source: Location, parts: Iterable[Part]) -> None:
        """Hold the headers of all files on this machine that need no unpacking against what the model needs, before
        the first is scored."""
        lacking: dict[str, str] = {}
        files = {part.place: part.name for part in parts if isinstance(part.place, Path)}
        for place, name in files.items():
            missing = _missing_columns(place, self.package.manifest.schema)
            if missing:
                lacking[name] = missing
        if lacking:
            shown = "; ".join(f"{name}: {missing}" for name, missing in list(lacking.items())[:_SHOWN])
            more = f"; and {len(lacking) - _SHOWN} others" if len(lacking) > _SHOWN else ""
            problem = f"{len(lacking)} of {len(files)} files lack columns that the model needs: {shown}{more}"
            raise DataError(str(source), problem)

    def _score(self, part: Part, path: Path) -> None:
        self.reporter.now(f"scoring {part}")
        answers, note = self._places(part)
        if isinstance(answers, Path):
            answers.parent.mkdir(parents=True, exist_ok=True)
        notices = Notices(str(part.place), self.reporter.detail)
        with upload_after(answers) as written:
            found = score_file(
                self.package, path, written, self.missing, self.reporter.advance, notices, row_group=part.row_group
            )
        write_note(self._note(part, found.rows), note)
        self.scored += 1
        self.rows += found.rows
        self.unseen.update(found.unseen)
        self.unknown.update(found.missing)

    def _is_done(self, part: Part) -> bool:
        """Whether its answers are there, of this very content by this very model; then they are counted."""
        note = read_note(self._places(part)[1])
        try:
            rows = int(json.loads(note or b"{}").get("rows", -1))
        except (ValueError, AttributeError):
            return False
        if rows < 0 or note != self._note(part, rows):
            return False
        self.reused += 1
        self.rows += rows
        return True

    def _places(self, part: Part) -> tuple[Location, Location]:
        """Of its answers, and of the note that they are complete."""
        name = f"{part.answer}.{self.kind}"
        return inside(self.target, name), inside(self.target, f"{name}.done")

    def _note(self, part: Part, rows: int) -> bytes:
        return json.dumps({"input": part.version, "model": self.package.digest, "rows": rows}).encode()


def _missing_columns(path: Path, schema: Schema) -> str:
    """The columns that a file lacks, and which ones may be meant; empty if it has all, or must be unpacked first."""
    if kind_of(path) not in ("text", "parquet"):
        return ""
    with open_table(path, notices=Notices(str(path), unheard)) as table:
        missing = [name for name in needed_columns(schema) if name not in table.header]
        shown = (f'"{glimpse(name)}"{suggestion(name, table.header).replace(";", ",")}' for name in missing[:_SHOWN])
        return ", ".join(shown) + (f" and {len(missing) - _SHOWN} others" if len(missing) > _SHOWN else "")


def require_apart(source: Location, target: Location) -> None:
    """Return if answers do not lie among what is read: the next shard would take them for customers.

    Raises:
        DataError: they would.
    """
    read, written = (
        str(place.resolve() if isinstance(place, Path) else place).rstrip("/") + "/" for place in (source, target)
    )
    if written.startswith(read):
        raise DataError(str(target), f"lies in {source}, which is read; another folder was expected")
