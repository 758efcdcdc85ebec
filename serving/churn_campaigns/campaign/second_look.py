"""What a campaign needs of some customers only, read again: of whom a history can tell, and of those it is planned for.

Of a million customers most get nothing, so their features are not kept. It must not know decisions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy

from churn_campaigns.campaign.customers import CustomerReader
from churn_campaigns.campaign.orders import Rules
from churn_data.cells import Cell
from churn_data.errors import DataError
from churn_data.schema_columns import SchemaColumns
from churn_data.tables import open_table
from churn_model.column_rows import ColumnRows
from churn_model.package import Package
from churn_model.reasons import reasons
from churn_model.schema import Row

if TYPE_CHECKING:
    import pandas

SAMPLE = 20_000
EXPLAINED = 8192
"""Customers whose reasons are found at once. What explains trees asks every leaf about all of them, so with fewer the
asking is what takes long, with many more it is memory."""


@dataclass(frozen=True)
class Details:
    """Of the customers for whom something is planned, in the file's order: features by name, and in plain words what
    raises each one's churn most (empty text: not asked for)."""

    columns: dict[str, list[float | Cell]]
    reasons: list[str]


def _unheard(done: int) -> None:
    """Nobody watches how far it is."""


def read_details(
    path: Path,
    package: Package,
    rules: Rules,
    wanted: numpy.ndarray,
    asked: numpy.ndarray,
    advance: Callable[[int], None] = _unheard,
) -> Details:
    """Read some customers again.

    Args:
        path: the campaign's customers.
        package: the model that explains.
        rules: the actions.
        wanted: bool [customers], whose features are read.
        asked: bool [customers], which of them get reasons.
        advance: told how many of all customers are done, whenever reasons were found, and in the end.

    Raises:
        DataError: the file is not what it was a moment ago.
    """
    schema = package.manifest.schema
    columns: dict[str, list[float | Cell]] = {name: [] for name in schema.names}
    words: list[str] = []
    start, waiting = 0, _Waiting(package)
    with open_table(path) as table:
        reader = SchemaColumns(table, schema, rules.missing)
        for chunk in table.chunks:
            part = slice(start, start + len(chunk))
            # How a column writes its numbers all of its rows tell, so all are read and then some are kept.
            _, rows = reader.read(chunk)
            places = numpy.flatnonzero(wanted[part])
            if len(places):
                own = rows.take(places)
                for name, values in zip(columns, own.values(), strict=True):
                    columns[name] += values
                found = waiting.add(own, asked[part][places])
                words += found
                if found:  # nothing else takes long
                    advance(part.stop)
            start += len(chunk)
    if start != len(wanted):
        raise DataError(str(path), "has changed while it was read")
    words += waiting.told()
    advance(start)
    return Details(columns, words)


class _Waiting:
    """Customers whose reasons are found when there are :data:`EXPLAINED` of them, in their order."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._rows: list[Row] = []
        self._asked: list[bool] = []

    def add(self, rows: ColumnRows, asked: numpy.ndarray) -> list[str]:
        """Have some customers wait; the words of those who need not wait any more."""
        self._rows += rows
        self._asked += asked.tolist()
        return self.told() if sum(self._asked) >= EXPLAINED else []

    def told(self) -> list[str]:
        """The words of all who wait: empty texts for those who are not asked for."""
        rows, asked = self._rows, self._asked
        self._rows, self._asked = [], []
        told = [row for row, wanted in zip(rows, asked, strict=True) if wanted]
        found = iter(self._package.scorer.contributions(told) if told else [])
        schema = self._package.manifest.schema
        return [
            "; ".join(reasons(row, next(found), schema)) if wanted else ""
            for row, wanted in zip(rows, asked, strict=True)
        ]


def sample_features(path: Path, package: Package, rules: Rules) -> "pandas.DataFrame":
    """Features of customers spread evenly over a file, at most twice :data:`SAMPLE`.

    Raises:
        DataError: as :func:`read_campaign_customers`.
    """
    import pandas

    frames: list[pandas.DataFrame] = []
    stride, offset, count = 1, 0, 0
    with open_table(path) as table:
        reader = CustomerReader(table, package, rules)
        for chunk in table.chunks:
            frame = reader.features(chunk)
            frames.append(frame.iloc[(-offset) % stride :: stride])
            offset, count = offset + len(frame), count + len(frames[-1])
            if count > 2 * SAMPLE:
                frames = [pandas.concat(frames).iloc[::2]]
                stride, count = 2 * stride, len(frames[0])
    if not frames:
        raise DataError(str(path), "has a header but no rows")
    return pandas.concat(frames, ignore_index=True)
