"""A segment's answers, up to where it is broken. It must not know what they are read for."""

from collections.abc import Iterator
from typing import NamedTuple

from churn_data.errors import DataError
from churn_model.prediction_log.frames import HEADER, frames
from churn_model.prediction_log.records import AnswerNote, ModelNote, UnreadableNote, decode_note


class SegmentContent(NamedTuple):
    """Answers with their models, in the order of writing; `broken_bytes` behind them are no records."""

    answers: list[tuple[ModelNote, AnswerNote]]
    broken_bytes: int


def read_segment(content: bytes, name: str) -> SegmentContent:
    """Read a segment.

    Raises:
        DataError: a record is whole and yet none that is known here, so that its segment must be kept.
    """
    answers: list[tuple[ModelNote, AnswerNote]] = []
    models: dict[int, ModelNote] = {}
    end = len(HEADER) if content.startswith(HEADER) else 0
    for found in frames(content):
        try:
            note = decode_note(found.content)
        except UnreadableNote:
            raise DataError(name, "holds records of another version of this program") from None
        end = found.end
        if isinstance(note, ModelNote):
            models[note.number] = note
        elif note.model in models:
            answers.append((models[note.model], note))
        else:
            raise DataError(name, "holds an answer of a model that it does not introduce")
    return SegmentContent(answers, len(content) - end)


def customers_of(content: SegmentContent) -> Iterator[tuple[ModelNote, AnswerNote, int]]:
    """Every answered customer: the model, the request, and the customer's place in it."""
    for model, answer in content.answers:
        for place in range(len(answer.customers)):
            yield model, answer, place
