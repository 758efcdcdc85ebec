"""Which rows must stay together when customers are divided: those of one customer, and doubles of the same customer.

It must not know how they are divided.
"""

from collections.abc import Sequence
from typing import Any

import numpy
import pandas

from churn_data.cells import Cell
from churn_data.coded_cells import coded
from churn_data.notices import Notices

LABEL = "\0label"
"""A name that no column has."""
BY_NATURE = 0.2
"""Different customers a customer below which they are alike because there is little to tell them apart by."""
BY_CHANCE = 0.1
"""The same, as the share of pairs of customers alike that chance alone makes of columns that know nothing of each
other."""


def groups_of(
    ids: Sequence[Cell] | None, frame: pandas.DataFrame, churned: numpy.ndarray, notices: Notices
) -> numpy.ndarray:
    """A number a row, the same for rows that must stay together.

    Customers are doubles of one another when all their rows are alike but for the id, as when tables were joined or
    appended twice; a model that has learnt from one knows the answer for the other.

    Args:
        ids: of customers, None where rows have none; a row whose id is missing is a customer of its own.
        frame: the features, categories as texts or coded.
        churned: 0 or 1 a row.
        notices: told of customers with several rows, and of doubles.
    """
    customers = _customers(ids, len(churned))
    count = int(customers.max()) + 1
    if count < len(customers):
        notices.tell("rows", f"{len(customers)} rows of {count} customers: a customer's rows are never divided")
        _tell_contradictions(customers, frame, churned, notices)
    contents = pandas.util.hash_pandas_object(frame.assign(**{LABEL: churned}), index=False).to_numpy()
    # The order of a customer's rows says nothing: their contents are added up, which wraps around as it may.
    alike = numpy.zeros(count, dtype=numpy.uint64)
    numpy.add.at(alike, customers, contents)
    different, group = numpy.unique(alike, return_inverse=True)
    doubles = count - len(different)
    if not doubles or len(different) < BY_NATURE * count or _by_chance(frame, churned, group):
        return customers
    who = "1 customer is a double" if doubles == 1 else f"{doubles} customers are doubles"
    notices.tell("doubles", f"{who} of another but for the id; such are never divided")
    found: numpy.ndarray = group[customers]
    return found


def _tell_contradictions(
    customers: numpy.ndarray, frame: pandas.DataFrame, churned: numpy.ndarray, notices: Notices
) -> None:
    """Tell of rows of one customer that are alike in everything and say both that he left and that he stayed."""
    alike = pandas.util.hash_pandas_object(frame.assign(**{LABEL: customers}), index=False).to_numpy()
    both = pandas.Series(churned).groupby(alike).transform("nunique") > 1
    count = int(both.sum())
    if count:
        who = len(numpy.unique(customers[both.to_numpy()]))
        text = f"{count:,} rows of {who:,} customers are alike but for the label, which is both: which one is right?"
        notices.tell("labels", text)


def _by_chance(frame: pandas.DataFrame, churned: numpy.ndarray, group: numpy.ndarray) -> bool:
    """Whether customers who differ agree in so many columns that some must agree in all."""
    rows = frame.assign(**{LABEL: churned})
    single = rows[~pandas.util.hash_pandas_object(rows, index=False).duplicated()]
    counts = [column.value_counts(dropna=False).to_numpy() for _, column in single.items()]
    alike = float(numpy.prod([_pairs(count).sum() / max(1, _pairs(len(single))) for count in counts]))
    return bool(_pairs(len(group)) * alike > BY_CHANCE * _pairs(numpy.bincount(group)).sum())


def _pairs(sizes: Any) -> Any:
    return sizes * (sizes - 1) / 2


def _customers(ids: Sequence[Cell] | None, rows: int) -> numpy.ndarray:
    if ids is None:
        return numpy.arange(rows)
    cells = coded(ids)
    names = numpy.where(cells.known, cells.codes, len(cells.levels) + numpy.arange(rows))
    numbered: numpy.ndarray = pandas.factorize(names)[0]
    return numbered
