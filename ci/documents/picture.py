"""``python ci/documents/picture.py FILE``: draw the architecture, one box a part, as an SVG that needs nothing else.

The picture is code because its boxes name packages: a test holds those names against the tree.
"""

import sys
from html import escape
from pathlib import Path
from typing import NamedTuple

WIDTH, HEIGHT = 1080, 530
_HIGH = 64


class Box(NamedTuple):
    """A part: where it stands, how wide it is, what it is called, what it does; `kind` is its colour."""

    x: int
    y: int
    wide: int
    name: str
    does: str
    kind: str


BOXES = (
    Box(20, 40, 190, "customers", "CSV, Parquet, storage", "outside"),
    Box(250, 40, 190, "churn_data", "reads what people write", "learn"),
    Box(480, 40, 230, "churn_training", "compares, calibrates, explains", "learn"),
    Box(750, 40, 310, "churn_model: a signed package", "model, segments, actions, scorecard, proof", "package"),
    Box(750, 170, 150, "primary", "KServe", "serve"),
    Box(910, 170, 150, "fallback", "BentoML", "serve"),
    Box(750, 300, 310, "gateway (churn_serving)", "checks, splits, falls back, decides", "serve"),
    Box(250, 300, 190, "your applications", "HTTP, gRPC, Python", "outside"),
    Box(480, 170, 230, "churn_delivery", "promotes, rolls out, rolls back", "learn"),
    Box(20, 170, 190, "churn_campaigns", "whom to contact", "act"),
    Box(20, 300, 190, "people who call", "plans with reasons", "outside"),
    Box(480, 430, 230, "prediction log", "every answer, hashed customers", "act"),
    Box(250, 430, 190, "churn_monitoring", "drift, outcomes, profit", "act"),
    Box(20, 430, 190, "outcomes", "who left, who stayed", "outside"),
)
# From, to: points from the edge of one box to that of the other.
ARROWS = (
    ((210, 72), (250, 72)),
    ((440, 72), (480, 72)),
    ((710, 72), (750, 72)),
    ((825, 104), (825, 170)),
    ((985, 104), (985, 170)),
    ((825, 300), (825, 234)),
    ((985, 300), (985, 234)),
    ((440, 332), (750, 332)),
    ((850, 364), (850, 462), (710, 462)),
    ((480, 462), (440, 462)),
    ((210, 462), (250, 462)),
    ((345, 430), (345, 400), (230, 400), (230, 202), (210, 202)),
    ((115, 234), (115, 300)),
    ((115, 364), (115, 430)),
    ((115, 104), (115, 170)),
    ((710, 202), (750, 202)),
    ((595, 104), (595, 170)),
)
_STYLE = """
  svg { background: #fff }
  text { font: 600 15px system-ui, sans-serif; fill: #14213d }
  .does { font: 13px system-ui, sans-serif; fill: #43506b }
  rect { stroke-width: 1.5 }
  .outside { fill: #fff; stroke: #8a94a6; stroke-dasharray: 5 4 }
  .learn { fill: #e8f0fe; stroke: #3f6fd8 }
  .package { fill: #fff4d6; stroke: #c98a00; stroke-width: 2.5 }
  .serve { fill: #e6f6ee; stroke: #1f8a5b }
  .act { fill: #f7e9f7; stroke: #9a4f9e }
  polyline { fill: none; stroke: #43506b; stroke-width: 1.5; marker-end: url(#end) }
"""
_MARKER = (
    '<defs><marker id="end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    '<path d="M0 0 8 4 0 8z" fill="#43506b"/></marker></defs>'
)


def draw() -> str:
    """The picture as text."""
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="title">',
        '<title id="title">How customers become a signed model, answers, campaigns and outcomes</title>',
        f"<style>{_STYLE}</style>",
        _MARKER,
        f'<rect x="0" y="0" width="{WIDTH}" height="{HEIGHT}" rx="12" fill="#fff"/>',
    ]
    for arrow in ARROWS:
        points = " ".join(f"{x},{y}" for x, y in arrow)
        lines.append(f'<polyline points="{points}"/>')
    for box in BOXES:
        middle = box.x + box.wide // 2
        lines += [
            f'<rect class="{box.kind}" x="{box.x}" y="{box.y}" width="{box.wide}" height="{_HIGH}" rx="8"/>',
            f'<text x="{middle}" y="{box.y + 27}" text-anchor="middle">{escape(box.name)}</text>',
            f'<text class="does" x="{middle}" y="{box.y + 47}" text-anchor="middle">{escape(box.does)}</text>',
        ]
    return "\n".join([*lines, "</svg>", ""])


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(draw(), encoding="utf-8")
