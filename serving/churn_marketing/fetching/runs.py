"""Whether the answers in object storage are one whole run of `churn score` over a folder of customers.

A part is done when the note beside its answers is of the customers' present content and was written after them; a run
is whole when all parts are done, by one model. So nothing that is half-written, half done again or mixed is ever taken.
It must not know where a run is copied to.
"""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from churn_data.folders import Part, parts_of
from churn_data.locations import ObjectLocation
from churn_data.object_storage import Stored, content_of, stored_below
from churn_marketing.errors import BatchError

KINDS = ("parquet", "csv")
_DONE = ".done"
_ODD = re.compile(r"[^A-Za-z0-9_-]+")

Listing = tuple[tuple[str, str, float], ...]


@dataclass(frozen=True)
class Run:
    """A whole run: places of files by their names in a folder, customers as they were scored, and answers with their
    notes. ``written``: when it was complete (seconds since 1970); ``identity`` changes with the content."""

    name: str
    written: float
    identity: str
    customers: dict[str, ObjectLocation]
    answers: dict[str, ObjectLocation]


class Source:
    """One folder of customers (or one file of them) and the folder of their answers."""

    def __init__(self, customers: ObjectLocation, answers: ObjectLocation) -> None:
        self.customers = customers
        self.answers = ObjectLocation(answers.bucket, f"{answers.key.rstrip('/')}/")
        self._notes: dict[tuple[str, str], dict[str, Any]] = {}

    def listing(self) -> Listing:
        """What lies there now, customers and answers; nothing has changed where it is equal.

        Raises:
            DataError, Unavailable: the object storage refuses or does not answer.
        """
        found = [*stored_below(self.customers), *stored_below(self.answers)]
        return tuple((each.key, each.version, each.written) for each in found)

    def run(self) -> Run:
        """The run that lies there.

        Raises:
            BatchError: it is not whole, a sentence that says how far it is.
            DataError, Unavailable: the object storage refuses or does not answer.
        """
        parts = parts_of(self.customers)
        there = {each.key: each for each in stored_below(self.answers)}
        kind = max(KINDS, key=lambda each: sum(self._answer(part, each) in there for part in parts))
        done = [part for part in parts if self._is_done(part, kind, there)]
        if len(done) < len(parts):
            lacking = len(parts) - len(done)
            raise BatchError(f"{lacking} of {len(parts)} parts have no answers to what the customers are now")
        notes = {self._answer(part, kind): self._note(there[self._answer(part, kind) + _DONE]) for part in parts}
        if len({note.get("model") for note in notes.values()}) > 1:
            raise BatchError("its parts were scored by more than one model; scoring is still at work, or has ended")
        self._forget(there)
        return self._whole(parts, kind, there)

    def _whole(self, parts: list[Part], kind: str, there: dict[str, Stored]) -> Run:
        used = [there[self._answer(part, kind) + end] for part in parts for end in ("", _DONE)]
        told = [(part.name, part.version) for part in parts] + [(each.key, each.version) for each in used]
        return Run(
            name=_ODD.sub("-", self.answers.key.strip("/").rpartition("/")[2]).strip("-")[:40] or "scores",
            written=max(each.written for each in used),
            identity=hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16],
            customers={part.name: _stored(part) for part in parts},
            answers={
                each.key.removeprefix(self.answers.key): ObjectLocation(self.answers.bucket, each.key) for each in used
            },
        )

    def _is_done(self, part: Part, kind: str, there: dict[str, Stored]) -> bool:
        answers, note = (there.get(self._answer(part, kind) + end) for end in ("", _DONE))
        if answers is None or note is None or note.written < answers.written:
            return False
        return self._note(note).get("input") == part.version

    def _answer(self, part: Part, kind: str) -> str:
        return f"{self.answers.key}{part.answer}.{kind}"

    def _note(self, stored: Stored) -> dict[str, Any]:
        """What a note says; each is read once."""
        key = (stored.key, stored.version)
        if key not in self._notes:
            try:
                read = json.loads(content_of(ObjectLocation(self.answers.bucket, stored.key)) or b"{}")
            except ValueError:
                read = {}
            self._notes[key] = read if isinstance(read, dict) else {}
        return self._notes[key]

    def _forget(self, there: dict[str, Stored]) -> None:
        """Notes that are not there any more."""
        present = {(each.key, each.version) for each in there.values()}
        self._notes = {key: note for key, note in self._notes.items() if key in present}


def label_of(run: Run, is_taken: Callable[[str], bool]) -> str:
    """What a run is called as a batch: by its folder and the minute, and by its content where that is taken."""
    minute = f"{run.name}-{datetime.fromtimestamp(run.written, UTC):%Y-%m-%d-%H%M}"
    return f"{minute}-{run.identity[:6]}" if is_taken(minute) else minute


def _stored(part: Part) -> ObjectLocation:
    assert isinstance(part.place, ObjectLocation)  # noqa: S101 - parts of object storage lie in object storage
    return part.place
