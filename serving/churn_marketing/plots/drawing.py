"""What every picture here has in common: an SVG with a title and a description that are read aloud, escaped texts, and
a scale of round numbers.

Colours come from the stylesheet by class; nothing has a style of its own, which the pages' policy would refuse.
"""

import math
from collections.abc import Sequence

from markupsafe import Markup, escape

WIDTH = 360
"""Units across; at the width of a phone a letter of 12 is still one of 10 points, on a desk no picture is larger."""


def picture(name: str, height: float, title: str, description: str, parts: Sequence[Markup]) -> Markup:
    """The whole. ``name`` tells it from others on its page."""
    head = Markup(
        '<svg class="plot" role="img" viewBox="0 0 {w} {h}" aria-labelledby="{n}-title {n}-words">'
        '<title id="{n}-title">{t}</title><desc id="{n}-words">{d}</desc>'
    ).format(w=WIDTH, h=round(height, 1), n=name, t=title, d=description)
    return head + Markup("").join(parts) + Markup("</svg>")


def text(x: float, y: float, words: str, *, anchor: str = "start", kind: str = "") -> Markup:
    """Words at a place."""
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}" class="{}">{}</text>').format(
        x, y, anchor, kind, escape(words)
    )


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    """A straight line."""
    return Markup('<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" class="{}"/>').format(x1, y1, x2, y2, kind)


def box(x: float, y: float, width: float, height: float, kind: str) -> Markup:
    """A filled rectangle, at least a hair wide so that what is there is seen."""
    return Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" class="{}"/>').format(
        x, y, max(width, 0.8), height, kind
    )


def dot(x: float, y: float, kind: str = "dot", radius: float = 3.5) -> Markup:
    """A filled circle."""
    return Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{}" class="{}"/>').format(x, y, radius, kind)


def path(points: Sequence[tuple[float, float]], kind: str) -> Markup:
    """A line through points."""
    return Markup('<polyline points="{}" class="{}"/>').format(" ".join(f"{x:.1f},{y:.1f}" for x, y in points), kind)


def ticks(highest: float, about: int = 4) -> list[float]:
    """Round numbers from 0 to at least ``highest``."""
    if not highest > 0:
        return [0.0, 1.0]
    rough = highest / about
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * size for factor in (1, 2, 2.5, 5, 10) if factor * size >= rough)
    return [step * number for number in range(math.ceil(highest / step - 1e-9) + 1)]
