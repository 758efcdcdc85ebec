"""The files of a frozen plan, as `churn campaign` writes them: the plan, its ledger of looks, what was known of its
customers; and the lists that people take away.

A folder is written beside its place and appears whole. It must not know who may have which customer.
"""

import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

import numpy
import pyarrow
import pyarrow.parquet

from churn_campaigns.campaign.frozen import frozen_parts, known_columns, ledger_of
from churn_campaigns.campaign.orders import Promise
from churn_campaigns.campaign.problem import NOTHING
from churn_campaigns.campaign.second_look import Details, read_details
from churn_campaigns.experiment import plan_columns
from churn_campaigns.experiment.ledger import SUFFIX as LEDGER
from churn_campaigns.experiment.ledger import write_ledger
from churn_campaigns.experiment.plan_history import SUFFIX as KNOWN
from churn_campaigns.experiment.row_checks import ROW_CHECK
from churn_data.formulas import begins_formula
from churn_data.written_files import Columns, Kind, table_file, write_table
from churn_marketing.planning.calculation import Calculated
from churn_marketing.planning.faults import NotPossible, PlanningFault
from churn_marketing.planning.ground import Ground, known_usecase
from churn_marketing.planning.terms import Terms
from churn_marketing.planning.under_way import EXPLAINING, WRITING, At

PLAN = "plan.parquet"
KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}
"""Formats of lists, with their media types."""
_KIND_OF: dict[type, Kind] = {str: "text", int: "whole number", float: "number"}
_CHUNK = 50_000
SHEET = 200_000
"""Rows of a spreadsheet; more take minutes to write and nobody can open them."""


def ledger_path(folder: Path) -> Path:
    """The ledger of looks in a plan's folder."""
    return folder / (PLAN + LEDGER)


def compose(folder: Path, ground: Ground, found: Calculated, terms: Terms, at: At) -> list[str]:
    """Write a plan's files into a new folder; returns the ids of its customers, those held out among them. ``at`` is
    told each step.

    Raises:
        PlanningFault: nobody is in the plan, or the customers' files are not what they were; DataError: as those.
    """
    planned = found.plan.planned.choice != NOTHING
    if not planned.any():
        raise NotPossible("The plan contacts nobody, so there is nothing to freeze. Widen the filter or the budget.")
    at(EXPLAINING)
    details = _details(ground, found, lambda share: at(EXPLAINING, share))
    at(WRITING)
    known = known_columns(ground.package().manifest.schema.id, found.customers, found.plan, details)
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}")
    temporary.mkdir(parents=True, mode=0o700)
    try:
        write_table(temporary / (PLAN + KNOWN), known)
        _write_plan(temporary, known_usecase(ground.usecase).name, found, details, terms.promise())
        _on_disk(temporary)
        temporary.rename(folder)
        _on_disk(folder.parent, files=False)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return [found.customers.ids[place] for place in numpy.flatnonzero(planned).tolist()]


def _write_plan(folder: Path, usecase: str, found: Calculated, details: Details, promise: Promise) -> None:
    """Write the plan, a part at a time, and its ledger."""
    checks: list[str] = []
    parts = frozen_parts(found.customers, found.plan, details, found.order, promise, usecase, rows=_CHUNK)
    first = next(parts)
    # The first row is somebody's for whom something is planned, so no cell of it is empty.
    kinds: Columns = [(name, _KIND_OF[type(cells[0])]) for name, cells in first.items()]
    with table_file(folder / PLAN, kinds) as write:
        for part in chain([first], parts):
            write(list(part.values()))
            checks += part[ROW_CHECK]
    if found.order.salt:
        ledger = ledger_of({ROW_CHECK: checks}, found.order, promise, usecase)
        write_ledger(ledger_path(folder), ledger)


def members_of(folder: Path) -> frozenset[str]:
    """Ids of the customers of a frozen plan, those held out among them."""
    names = [plan_columns.ID, plan_columns.PLANNED]
    table = pyarrow.parquet.read_table(str(folder / PLAN), columns=names)
    both = zip(table.column(names[0]).to_pylist(), table.column(names[1]).to_pylist(), strict=True)
    return frozenset(customer for customer, planned in both if planned != plan_columns.NO_ACTION)


def rows_in(folder: Path) -> int:
    """How many customers the list of a frozen plan names."""
    return int(pyarrow.parquet.read_metadata(str(folder / PLAN)).num_rows)


def require_fits(folder: Path, kind: str) -> None:
    """Return if a list can be written in a format as far as its size goes; raises :class:`NotPossible`."""
    if kind == "xlsx" and (rows := rows_in(folder)) > SHEET:
        raise NotPossible(
            f"A spreadsheet of {rows:,} customers is more than most programs open. Take the CSV or Parquet, or plan "
            "for fewer customers at a time."
        )


def write_list(folder: Path, kind: str) -> Path:
    """The list of a frozen plan in a format of :data:`KINDS`, written once: the same bytes for whoever asks.

    Raises:
        NotPossible: a CSV would hold texts that a spreadsheet computes.
    """
    target = folder / f"plan.{kind}"
    if target.is_file():
        return target
    with pyarrow.parquet.ParquetFile(str(folder / PLAN)) as source:
        columns: Columns = [(field.name, _kind(field.type)) for field in source.schema_arrow]
        with table_file(target, columns) as write:
            for batch in source.iter_batches(_CHUNK):
                cells = [column.to_pylist() for column in batch.columns]
                if kind == "csv":
                    _require_no_formula(columns, cells)
                write(cells)
    target.chmod(0o600)
    return target


def _details(ground: Ground, found: Calculated, advance: Callable[[float], None]) -> Details:
    """Features and reasons of those for whom something is planned, read again from the customers' files; ``advance`` is
    told the share of all customers that is done."""
    package, rules = ground.package(), ground.rules()
    rows = numpy.flatnonzero(found.inside)
    wanted = numpy.zeros(len(found.inside), dtype=bool)
    asked = wanted.copy()
    wanted[rows] = found.plan.planned.choice != NOTHING
    asked[rows] = found.plan.choice != NOTHING
    paths = ground.files
    if len(paths) == 1:
        return read_details(paths[0], package, rules, wanted, asked, lambda done: advance(done / len(wanted)))
    columns: dict[str, list[Any]] = {}
    words: list[str] = []
    start = 0
    for path in paths:
        count = _rows_of(path)
        own = slice(start, start + count)
        part = read_details(path, package, rules, wanted[own], asked[own])
        for name, cells in part.columns.items():
            columns.setdefault(name, []).extend(cells)
        words += part.reasons
        start += count
        advance(start / len(wanted))
    if start != len(wanted):
        raise PlanningFault("The customers' files have changed. Load the page again and work the plan out anew.")
    return Details(columns, words)


def _rows_of(path: Path) -> int:
    from churn_data.tables import open_table

    with open_table(path) as table:
        return sum(len(chunk.rows) for chunk in table.chunks)


def _require_no_formula(columns: Columns, cells: Sequence[Sequence[Any]]) -> None:
    for (name, kind), column in zip(columns, cells, strict=True):
        count = sum(map(begins_formula, column)) if kind == "text" else 0
        if count:
            many = "a text" if count == 1 else "texts"
            raise NotPossible(
                f"In column {name} stands {many} that a spreadsheet would compute (beginning with =, +, - or @), so "
                "there is no CSV of this plan. Take the spreadsheet (XLSX), whose cells say that they are text, or "
                "Parquet."
            )


def _kind(kind: pyarrow.DataType) -> Kind:
    if pyarrow.types.is_integer(kind):
        return "whole number"
    return "number" if pyarrow.types.is_floating(kind) else "text"


def _on_disk(folder: Path, *, files: bool = True) -> None:
    """Return when a folder, and the files in it, would outlast a power failure."""
    for path in [*(folder.iterdir() if files else ()), folder]:
        with suppress(FileNotFoundError):
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
