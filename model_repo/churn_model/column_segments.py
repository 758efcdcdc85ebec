"""The nearest segment of many rows at once, by the sums that `segments` adds up row by row, in the same order.

It must not know how a document was read or checked.
"""

from typing import Any

import numpy

from churn_model.column_rows import CategoryColumn, ColumnRows


def nearest_segments(document: Any, rows: ColumnRows) -> list[int]:
    """Segment ids, from 1, one a row; of equally near segments the lowest id.

    Args:
        document: the content of ``segments.json``: ``bias``, ``numbers`` and ``categories``.
        rows: held by column.
    """
    sums = [numpy.full(len(rows), bias) for bias in document.bias]
    for number in document.numbers:
        column = rows.columns[number.index]
        known = numpy.where(numpy.isnan(column), number.fill, column)
        sums = [so_far + known * weight for so_far, weight in zip(sums, number.weights, strict=True)]
    for category in document.categories:
        column = rows.columns[category.index]
        assert isinstance(column, CategoryColumn)  # noqa: S101 - the document was held against the schema
        weights = [
            category.missing if level is None else category.table.get(level, category.unseen) for level in column.levels
        ]
        by_level = numpy.array(weights, dtype=float).T
        sums = [so_far + more[column.codes] for so_far, more in zip(sums, by_level, strict=True)]
    nearest: list[int] = (numpy.argmin(sums, axis=0) + 1).tolist()
    return nearest
