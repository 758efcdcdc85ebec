"""The text by which a customer is known again in another file: the id in its one spelling.

Without an id nothing knows a customer again. The values of a row stand in: the same row is known in any order of rows
and columns, a customer whose values have changed since is not. It must not know what the keys are for.
"""

from collections.abc import Sequence

import numpy
import pandas

from churn_data.cells import Cell
from churn_data.coded_cells import coded
from churn_model.spelling import canonical


def customer_keys(ids: Sequence[Cell] | None, frame: pandas.DataFrame) -> numpy.ndarray:
    """A text a row.

    Args:
        ids: of customers, None where rows have none; where one is missing the row's values stand in.
        frame: the features.
    """
    if ids is None:
        return _of_values(frame)
    written = coded(ids)
    spelt = written.become([canonical(level) for level in written.levels])
    keys, unknown = spelt.objects(), ~spelt.known
    if unknown.any():
        keys[unknown] = _of_values(frame)[unknown]
    return keys


def _of_values(frame: pandas.DataFrame) -> numpy.ndarray:
    """Rows with the same values are told apart by which of them comes first, so that where few columns make many rows
    alike they do not all go the same way."""
    ordered = frame[sorted(frame.columns)]
    contents = pandas.Series(pandas.util.hash_pandas_object(ordered, index=False).to_numpy())
    again = contents.groupby(contents).cumcount()
    return numpy.array(
        [f"row {content:016x}.{number}" for content, number in zip(contents, again, strict=True)], object
    )
