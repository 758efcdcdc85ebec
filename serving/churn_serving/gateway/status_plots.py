"""Small plots as SVG inside of a page: no program, no colour of their own, words for those who cannot see them."""

from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT = 300.0, 60.0
_TOP = 3.0  # room for the line's own width
Values = Sequence[float | None]


def plot(values: Values, points: int, words: str, least_top: float) -> str:
    """A line of the latest ``points`` values, the newest at the right, from zero to their largest or ``least_top``.
    Where there is no value the line is broken. ``words`` say what it shows."""
    known = [value for value in values if value is not None]
    top = max([*known, least_top])
    step = WIDTH / (points - 1)
    left = WIDTH - step * (len(values) - 1)
    lines = []
    for start, part in _unbroken(values):
        places = [
            f"{left + step * (start + number):.1f},{HEIGHT - (HEIGHT - _TOP) * min(value, top) / top:.1f}"
            for number, value in enumerate(part)
        ]
        lines.append(_dot(places[0]) if len(places) == 1 else f'<polyline points="{" ".join(places)}"/>')
    return (
        f'<svg viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" preserveAspectRatio="none">'
        f"<title>{escape(words)}</title>{''.join(lines)}</svg>"
    )


def _dot(place: str) -> str:
    across, down = place.split(",")
    return f'<circle cx="{across}" cy="{down}" r="1.5"/>'


def _unbroken(values: Values) -> list[tuple[int, list[float]]]:
    """Runs of values that are there, each with the place of its first."""
    runs: list[tuple[int, list[float]]] = []
    before: float | None = None
    for place, value in enumerate(values):
        if value is not None:
            if before is None:
                runs.append((place, []))
            runs[-1][1].append(value)
        before = value
    return runs
