"""What the groups that a use case names are called, for customers held by column. It must not know plans."""

import math
from typing import Any

import numpy

from churn_model.column_rows import CategoryColumn

MISSING = "(missing)"


def group_names(column: Any) -> numpy.ndarray:
    """The group of each customer: text [customers], numbers as short as can be.

    Args:
        column: of :class:`~churn_model.column_rows.ColumnRows`.
    """
    levels: Any
    if isinstance(column, CategoryColumn):
        codes, levels = column
    else:
        levels, codes = numpy.unique(column, return_inverse=True)
    known = numpy.empty(len(levels), dtype=object)
    known[:] = [level if isinstance(level, str) else _number_text(level) for level in levels]
    names: numpy.ndarray = known[codes]
    return names


def _number_text(value: float | None) -> str:
    return MISSING if value is None or math.isnan(value) else f"{value:g}"
