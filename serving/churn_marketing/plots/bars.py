"""Bars across: one a row, its words above it and its amount behind it."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from churn_marketing.plots.drawing import WIDTH, box, picture, text
from churn_model.plurals import counted

_ROW = 40.0
_THICK = 13.0
_SHORT = 20


@dataclass(frozen=True)
class Bar:
    """A row: its words, how long it is, and the amount as people read it; ``kind`` is a class of the stylesheet."""

    label: str
    value: float
    amount: str
    kind: str = "bar"


def bars(name: str, title: str, rows: Sequence[Bar]) -> Markup:
    """The picture."""
    longest = max((row.value for row in rows), default=0.0) or 1.0
    parts = []
    for number, row in enumerate(rows):
        top = number * _ROW
        parts += [
            text(0, top + 14, _short(row.label)),
            text(WIDTH, top + 14, row.amount, anchor="end"),
            box(0, top + 20, WIDTH * max(0.0, row.value) / longest, _THICK, row.kind),
        ]
    said = "; ".join(f"{row.label}: {row.amount}" for row in rows)
    return picture(name, _ROW * len(rows), title, said, parts)


def _short(label: str) -> str:
    return label if len(label) <= 2 * _SHORT else f"{label[: 2 * _SHORT - 1]}…"


def spread(name: str, title: str, counts: Sequence[int], limits: tuple[float, float]) -> Markup:
    """How many customers have which probability: a column for each equal part from 0 % to 100 %, in the colour of its
    risk; ``limits`` are where medium and high begin."""
    height, bottom = 150.0, 128.0
    highest = max(counts, default=0) or 1
    wide = WIDTH / len(counts)
    parts = []
    for number, count in enumerate(counts):
        middle = (number + 0.5) / len(counts)
        kind = "high" if middle >= limits[1] else "medium" if middle >= limits[0] else "low"
        tall = (bottom - 6) * count / highest
        if count:
            parts.append(box(number * wide + 1, bottom - tall, wide - 2, max(tall, 1.0), kind))
    parts += [
        text(0, height - 4, "0 %", kind="quiet"),
        text(WIDTH / 2, height - 4, "50 %", anchor="middle", kind="quiet"),
        text(WIDTH, height - 4, "100 %", anchor="end", kind="quiet"),
    ]
    share = [f"{100 * number // len(counts)} to {100 * (number + 1) // len(counts)} %" for number in range(len(counts))]
    said = "; ".join(
        f"{part}: {counted(count, 'customer')}" for part, count in zip(share, counts, strict=True) if count
    )
    return picture(name, height, title, said, parts)
