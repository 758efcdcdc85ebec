"""Lines: how an amount went from one point to the next."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from churn_marketing.plots.drawing import WIDTH, dot, line, path, picture, text, ticks

_TOP, _BOTTOM, _LEFT, _RIGHT = 14.0, 166.0, 62.0, 10.0
_HEIGHT = 194.0
_MOST_DOTS = 13


@dataclass(frozen=True)
class Point:
    """A point: where it is along the line, its words, and its amount; None: not known."""

    at: float
    label: str
    value: float | None


def graph(name: str, title: str, points: Sequence[Point], amount: Callable[[float], str]) -> Markup:
    """The picture; what is not known leaves a gap to be seen."""
    marks = ticks(max((point.value or 0.0 for point in points), default=0.0))
    first, last = points[0].at, points[-1].at

    def across(at: float) -> float:
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * ((at - first) / (last - first) if last > first else 0.5)

    def down(value: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * value / marks[-1]

    parts = []
    for mark in marks:
        parts += [
            line(_LEFT, down(mark), WIDTH - _RIGHT, down(mark), "axis" if mark == 0 else "grid"),
            text(_LEFT - 6, down(mark) + 4, amount(mark), anchor="end", kind="quiet"),
        ]
    known = [(across(point.at), down(point.value)) for point in points if point.value is not None]
    parts.append(path(known, "series"))
    if len(points) <= _MOST_DOTS:
        parts += [dot(x, y) for x, y in known]
    parts.append(text(across(first), _HEIGHT - 8, points[0].label, anchor="start", kind="quiet"))
    if last > first:
        parts.append(text(WIDTH - _RIGHT, _HEIGHT - 8, points[-1].label, anchor="end", kind="quiet"))
    said = "; ".join(
        f"{point.label}: {'not known' if point.value is None else amount(point.value)}" for point in points
    )
    return picture(name, _HEIGHT, title, said, parts)
