"""What a campaign needs of some customers only, read again: of whom a history can tell, and of those it is planned for.

Of a million customers most get nothing, so their features are not kept. It must not know decisions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy

from churn_campaigns.campaign.customers import CustomerReader
from churn_campaigns.campaign.orders import Rules
from churn_data.cells import Cell
from churn_data.errors import DataError
from churn_data.tables import open_table
from churn_model.package import Package
from churn_model.reasons import reasons
from churn_model.schema import Row

if TYPE_CHECKING:
    import pandas

SAMPLE = 20_000


@dataclass(frozen=True)
class Details:
    """Of the customers for whom something is planned, in the file's order: features by name, and in plain words what
    raises each one's churn most (empty text: not asked for)."""

    columns: dict[str, list[float | Cell]]
    reasons: list[str]


def read_details(path: Path, package: Package, rules: Rules, wanted: numpy.ndarray, asked: numpy.ndarray) -> Details:
    """Read some customers again.

    Args:
        path: the campaign's customers.
        package: the model that explains.
        rules: the actions.
        wanted: bool [customers], whose features are read.
        asked: bool [customers], which of them get reasons.

    Raises:
        DataError: the file is not what it was a moment ago.
    """
    names = package.manifest.schema.names
    columns: dict[str, list[float | Cell]] = {name: [] for name in names}
    words: list[str] = []
    start = 0
    with open_table(path) as table:
        reader = CustomerReader(table, package, rules)
        for chunk in table.chunks:
            places = numpy.flatnonzero(wanted[start : start + len(chunk.rows)]).tolist()
            if places:
                typed = reader.columns(chunk)
                for name in names:
                    columns[name] += [typed[name][place] for place in places]
                rows: list[Row] = [tuple(typed[name][place] for name in names) for place in places]
                words += _reasons(rows, asked[[start + place for place in places]], package)
            start += len(chunk.rows)
    if start != len(wanted):
        raise DataError(str(path), "has changed while it was read")
    return Details(columns, words)


def _reasons(rows: Sequence[Row], asked: numpy.ndarray, package: Package) -> list[str]:
    told = [row for row, wanted in zip(rows, asked, strict=True) if wanted]
    found = iter(package.scorer.contributions(told) if told else [])
    schema = package.manifest.schema
    return [
        "; ".join(reasons(row, next(found), schema)) if wanted else "" for row, wanted in zip(rows, asked, strict=True)
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
