"""What is needed of each customer of a batch to plan, worked out once and kept beside it.

Reading and scoring a million customers takes half a minute; what planning needs of them is read back in a moment. It
must not know plans.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy
import pyarrow
import pyarrow.parquet

from churn_campaigns.campaign.customers import Customers, Flags, joined, read_campaign_customers
from churn_data.errors import DataError
from churn_data.written_files import whole_file
from churn_marketing.planning.ground import Ground

FILE = "customers.parquet"
_CONSENT, _GROUP, _REFUSED = "consent:", "group:", "refused"
_NUMBERS = ("probability", "segment", "risk", "value", "days_since", "last_year")


def population(ground: Ground) -> Customers:
    """Every customer of a batch, in the files' order.

    Raises:
        DataError: one line that names file, row and column; ChurnModelError: the model cannot be used.
    """
    path = ground.prepared / FILE
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(path, _read_files(ground))
    return _read(path)


def part_of(customers: Customers, inside: Flags) -> Customers:
    """Some of the customers, in their order. ``inside``: bool [customers]."""
    rows = numpy.flatnonzero(inside)
    if len(rows) == len(customers):
        return customers
    return Customers(
        ids=[customers.ids[row] for row in rows.tolist()],
        **{name: getattr(customers, name)[rows] for name in _NUMBERS},
        measured={},
        consent={name: given[rows] for name, given in customers.consent.items()},
        groups={name: cells[rows] for name, cells in customers.groups.items()},
        refused=None if customers.refused is None else customers.refused[rows],
    )


def _read_files(ground: Ground) -> Customers:
    package, rules = ground.package(), ground.rules()
    rules.check()
    if not ground.files:
        raise DataError(ground.customers.name, "the folder holds no table of customers")
    parts = [read_campaign_customers(path, package, rules, {}, _unheard) for path in ground.files]
    found = joined(parts)
    if len(parts) > 1:
        _require_once(found.ids, ground.customers.name)
    return found


def _require_once(ids: Iterable[str], name: str) -> None:
    seen: set[str] = set()
    for number, customer in enumerate(ids, 1):
        if customer in seen:
            raise DataError(name, f"customer {number:,} of all its files was there before, each is expected once")
        seen.add(customer)


def _unheard(count: float) -> None:
    """Nobody watches how far it is."""


def _write(path: Path, customers: Customers) -> None:
    columns: dict[str, Any] = {"id": pyarrow.array(customers.ids, pyarrow.string())}
    columns |= {name: getattr(customers, name) for name in _NUMBERS}
    columns |= {_CONSENT + name: given for name, given in customers.consent.items()}
    for name, cells in customers.groups.items():
        columns[_GROUP + name] = pyarrow.array(cells.tolist(), pyarrow.string()).dictionary_encode()
    if customers.refused is not None:
        columns[_REFUSED] = customers.refused
    with whole_file(path) as temporary:
        pyarrow.parquet.write_table(pyarrow.table(columns), str(temporary))
    path.chmod(0o600)


def _read(path: Path) -> Customers:
    table = pyarrow.parquet.read_table(str(path))

    def column(name: str) -> Any:
        return numpy.asarray(table.column(name).to_numpy())

    def of(prefix: str) -> dict[str, str]:
        return {name.removeprefix(prefix): name for name in table.column_names if name.startswith(prefix)}

    return Customers(
        ids=table.column("id").to_pylist(),
        **{name: column(name) for name in _NUMBERS},
        measured={},
        consent={name: column(each) for name, each in of(_CONSENT).items()},
        groups={name: _texts(table.column(each)) for name, each in of(_GROUP).items()},
        refused=column(_REFUSED) if _REFUSED in table.column_names else None,
    )


def _texts(column: pyarrow.ChunkedArray) -> numpy.ndarray:
    return numpy.asarray(column.cast(pyarrow.string()).to_pandas().to_numpy(dtype=object))
