"""What lies in segments, read as whoever takes them away reads it."""

from collections.abc import Iterator
from pathlib import Path

from churn_model.prediction_log.frames import frames
from churn_model.prediction_log.records import AnswerNote, CustomerNote, ModelNote, decode_note


def segments(folder: Path, ending: str = "") -> list[Path]:
    """Segments in the order in which each process wrote them."""
    return sorted(path for path in folder.glob(f"*/*{ending}") if path.suffix in (".open", ".segment"))


def answers(folder: Path) -> Iterator[tuple[ModelNote, AnswerNote]]:
    """Every answer that lies there, with its model."""
    for path in segments(folder):
        models: dict[int, ModelNote] = {}
        for found in frames(path.read_bytes()).contents:
            note = decode_note(found)
            if isinstance(note, ModelNote):
                models[note.number] = note
            else:
                yield models[note.model], note


def customers(folder: Path) -> list[CustomerNote]:
    return [customer for _, answer in answers(folder) for customer in answer.customers]
