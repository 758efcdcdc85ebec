"""Where the parts of a picture are, found once for all pictures with the same words around them.

Matplotlib's constrained layout draws every word twice to find out, which takes about as long as the picture itself, and
every contender of a training has curves with the very same words. It must not know what is drawn.
"""

from collections.abc import Hashable

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

_MOST = 100
"""Pictures with other words that are remembered."""
_places: dict[Hashable, tuple[Bbox, tuple[float, float]]] = {}


def place(figure: Figure) -> None:
    """Put a title above one part where the figure's layout would put them; pictures of other kinds, which have a
    legend, several parts or words inside, are left to their layout."""
    if len(figure.axes) != 1 or len(figure.texts) != 1:
        return
    axes, title = figure.axes[0], figure.texts[0]
    if axes.get_legend() is not None or axes.texts:
        return
    key = (*_words(figure, axes), title.get_text().count("\n"))
    if key not in _places:
        if len(_places) >= _MOST:
            _places.clear()
        _places[key] = _found(figure, axes, title)
    figure.set_layout_engine("none")
    position, title_position = _places[key]
    axes.set_position(position)
    title.set_position(title_position)


def _words(figure: Figure, axes: Axes) -> tuple[Hashable, ...]:
    """All that decides but the title, of which only the number of lines does: the figure's size, labels, and ticks with
    their numbers."""
    around = (
        (axis.get_label_text(), *axis.get_view_interval(), *(label.get_text() for label in axis.get_majorticklabels()))
        for axis in (axes.xaxis, axes.yaxis)
    )
    return (*figure.get_size_inches(), figure.dpi, *around)


def _found(figure: Figure, axes: Axes, title: Text) -> tuple[Bbox, tuple[float, float]]:
    engine = figure.get_layout_engine()
    if engine is not None:
        FigureCanvasAgg(figure)
        engine.execute(figure)
    return axes.get_position(original=True).frozen(), title.get_position()
