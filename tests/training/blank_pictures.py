"""Pictures of which only the files are there, for trainings whose pictures nobody looks at.

What is drawn is still computed; it is handed to a figure that takes everything and shows nothing.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy


class BlankFigure:
    """A figure and its axes in one, as far as `churn_training.runs.pictures` uses them."""

    axes = ()

    def __init__(self, **_: object) -> None:
        pass

    def subplots(self, rows: int = 1, columns: int = 1, *, squeeze: bool = True, **_: object) -> Any:
        """This very figure in place of each part."""
        if squeeze and rows * columns == 1:
            return self
        parts = numpy.full((rows, columns), self, dtype=object)
        return parts.squeeze() if squeeze else parts

    def plot(self, *_: object, **__: object) -> list["BlankFigure"]:
        """The one line that would be drawn."""
        return [self]

    def __getattr__(self, name: str) -> Callable[..., "BlankFigure"]:
        if name.startswith("__"):  # what numpy asks a value for
            raise AttributeError(name)
        return lambda *_, **__: self


def draw_nothing(replace: Callable[[Any, str, Any], None] = setattr) -> None:
    """Let every picture of a training be an empty file under its name from now on."""
    pictures = import_module("churn_training.runs.pictures")
    replace(pictures, "Figure", BlankFigure)
    replace(pictures, "_save", lambda _, path: Path(path).touch())
