"""A segment's answers, but for what is broken in it. It must not know what they are read for."""

from typing import NamedTuple

from churn_data.errors import DataError
from churn_model.prediction_log.frames import AnotherVersion, frames
from churn_model.prediction_log.records import ModelNote, UnreadableNote, UnreadAnswer, decode_unread


class SegmentContent(NamedTuple):
    """Answers with their models, in the order of writing; `broken_bytes` in between or behind them are no records."""

    answers: list[UnreadAnswer]
    models: list[ModelNote]
    """The model of each answer."""
    broken_bytes: int


def read_segment(content: bytes, name: str) -> SegmentContent:
    """Read a segment; its customers are read where they are needed.

    Raises:
        DataError: a record is whole and yet none that is known here, so that its segment must be kept.
    """
    try:
        found = frames(content)
        notes = decode_unread(found.contents)
    except (AnotherVersion, UnreadableNote):
        raise another_version(name) from None
    answers: list[UnreadAnswer] = []
    models: list[ModelNote] = []
    introduced: dict[int, ModelNote] = {}
    broken = found.broken
    for note, record in zip(notes, found.contents, strict=True):
        if isinstance(note, ModelNote):
            introduced[note.number] = note
            continue
        model = introduced.get(note.model)
        if model is not None:
            answers.append(note)
            models.append(model)
        elif found.broken:  # where its model was introduced
            broken += len(record)
        else:
            raise DataError(name, "holds an answer of a model that it does not introduce")
    return SegmentContent(answers, models, broken)


def another_version(name: str) -> DataError:
    """What is said of a segment whose records are whole and yet none that are known here."""
    return DataError(name, "holds records of another version of this program")
