"""Profit against budget as a line with its interval, and the budget that was chosen. It must not know plans."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from markupsafe import Markup

from churn_marketing.text.amounts import money

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 640.0, 260.0, 70.0, 16.0, 14.0, 34.0


def profit_curve(points: Sequence[Mapping[str, float]], budget: float, currency: str = "") -> Markup:
    """The curve as SVG.

    Args:
        points: of rising ``budget``, each with ``net`` and its interval ``low`` to ``high``.
        budget: where to draw the mark; beyond the last point it stands there.
        currency: what stands before amounts.
    """
    most = max(point["budget"] for point in points) or 1.0
    high = max(1.0, *(point["high"] for point in points))
    low = min(0.0, *(point["low"] for point in points))
    place = _Place(most, low, high)
    at = net_at(points, budget)
    line = " ".join(f"{place.x(point['budget']):.1f},{place.y(point['net']):.1f}" for point in points)
    upper = [f"{place.x(point['budget']):.1f},{place.y(point['high']):.1f}" for point in points]
    lower = [f"{place.x(point['budget']):.1f},{place.y(point['low']):.1f}" for point in reversed(points)]
    x = place.x(min(budget, most))
    said = (
        f"Expected net by budget: it rises from nothing to {money(points[-1]['net'], currency)} at a budget of "
        f"{money(most, currency)}, after which more money brings nothing. At {money(budget, currency)} it is "
        f"{money(at['net'], currency)}, between {money(at['low'], currency)} and {money(at['high'], currency)} with a "
        "probability of 95 per cent if effects are as stated."
    )
    return Markup(
        '<svg class="plot" viewBox="0 0 {w:.0f} {h:.0f}" role="img" aria-label="{said}">'
        '<line class="grid" x1="{left}" x2="{right}" y1="{zero:.1f}" y2="{zero:.1f}"/>'
        '<polygon class="band" points="{band}"/><polyline class="series" points="{line}"/>'
        '<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}"/>'
        '<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'
        '<text class="quiet" x="{left}" y="{label}">budget 0</text>'
        '<text class="quiet" x="{right}" y="{label}" text-anchor="end">{most}</text>'
        '<text class="quiet" x="{edge}" y="{top_text}" text-anchor="end">{high}</text>'
        '<text class="quiet" x="{edge}" y="{zero_text:.1f}" text-anchor="end">0</text></svg>'
    ).format(
        w=_WIDTH, h=_HEIGHT, said=said, left=_LEFT, right=_WIDTH - _RIGHT, zero=place.y(0.0),
        band=" ".join(upper + lower), line=line, x=x, y=place.y(at["net"]), top=_TOP, bottom=_HEIGHT - _BOTTOM,
        label=_HEIGHT - 10, most=money(most, currency), edge=_LEFT - 8, top_text=_TOP + 10, high=money(high, currency),
        zero_text=place.y(0.0) + 4,
    )  # fmt: skip


def net_at(points: Sequence[Mapping[str, float]], budget: float) -> dict[str, float]:
    """``net``, ``low``, ``high`` and ``contacted`` at a budget, on straight lines between the points around it."""
    names = ("net", "low", "high", "contacted")
    for before, after in pairwise(points):
        if budget <= after["budget"]:
            width = after["budget"] - before["budget"]
            share = (budget - before["budget"]) / width if width > 0.0 else 1.0
            return {name: before[name] + max(share, 0.0) * (after[name] - before[name]) for name in names}
    return {name: points[-1][name] for name in names}


class _Place:
    def __init__(self, most: float, low: float, high: float) -> None:
        self._most, self._low, self._high = most, low, high

    def x(self, budget: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * budget / self._most

    def y(self, amount: float) -> float:
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (self._high - amount) / (self._high - self._low)
