"""An estimate with its interval against zero, as a bar on a line. It must not know experiments."""

from markupsafe import Markup

_WIDTH, _HEIGHT, _SIDE = 480.0, 64.0, 20.0


def effect_interval(low: float, mean: float, high: float, said: str) -> Markup:
    """The picture as SVG; ``said`` is what it shows in words. The three in one unit, whatever it is."""
    least, most = min(low, 0.0), max(high, 0.0)
    width = (most - least) or 1.0

    def x(value: float) -> float:
        return _SIDE + (_WIDTH - 2 * _SIDE) * (value - least) / width

    # At an end of the picture the words go inwards, or a phone, whose letters are larger, would cut them.
    anchor = "start" if least == 0.0 else "end" if most == 0.0 else "middle"
    return Markup(
        '<svg class="plot" viewBox="0 0 {w:.0f} {h:.0f}" role="img" aria-label="{said}">'
        '<line class="axis" x1="{zero:.1f}" x2="{zero:.1f}" y1="6" y2="44"/>'
        '<line class="series" x1="{low:.1f}" x2="{high:.1f}" y1="25" y2="25"/>'
        '<circle class="dot" cx="{mean:.1f}" cy="25" r="6"/>'
        '<text class="quiet" x="{zero:.1f}" y="60" text-anchor="{anchor}">no effect</text></svg>'
    ).format(w=_WIDTH, h=_HEIGHT, said=said, anchor=anchor, zero=x(0.0), low=x(low), high=x(high), mean=x(mean))
