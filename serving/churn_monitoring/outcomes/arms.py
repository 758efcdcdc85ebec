"""What a campaign has changed, where its arms are known: customers dealt to an action and to its control, by what
became of them after their answers.

Everybody counts in the arm that they were dealt to, contacted or not. It must not know models; a whole experiment, with
looks and corrections, is read by `churn experiment read`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Self

import pyarrow

from churn_data.cells import Cell, clean
from churn_data.errors import DataError, NoSuchColumn
from churn_data.tables import Table, open_table
from churn_model.prediction_log.pseudonyms import HASH_BYTES, PseudonymKey
from churn_model.usecase import UseCase
from churn_monitoring.outcomes.columns import Model, Words
from churn_monitoring.outcomes.database import Database
from churn_monitoring.outcomes.measures import Interval
from churn_monitoring.outcomes.slices import Dimension

ID, ARM, PLANNED, CONTROL, NOBODY = "id", "arm", "planned_action", "control", "none"
_SCHEMA = pyarrow.schema(
    [
        ("customer", pyarrow.binary(HASH_BYTES)),
        ("arm", pyarrow.string()),
        ("planned", pyarrow.string()),
        ("line", pyarrow.int64()),
    ]
)


class _Places(NamedTuple):
    """Where the columns stand."""

    id: int
    arm: int
    planned: int | None

    @classmethod
    def of(cls, table: Table, usecase: UseCase) -> Self:
        own, header = usecase.required_id(), table.header
        names = (ID if own not in header and ID in header else own, ARM)
        for name in names:
            if name not in header:
                raise NoSuchColumn(table.file, name)
        own_place, arm_place = map(header.index, names)
        return cls(own_place, arm_place, header.index(PLANNED) if PLANNED in header else None)


class Effect(NamedTuple):
    """An arm beside its control: by how much fewer of it left (`reduction`, a difference of shares with the interval
    of Newcombe 1998, method 10), and the counts of both."""

    arm: str
    reduction: Interval
    customers: int
    leavers: int
    control_customers: int
    control_leavers: int


def read_arms(path: Path, usecase: UseCase, keys: Sequence[PseudonymKey], database: Database) -> None:
    """Read the table ``arms`` from a campaign's plan or an experiment's assignment: the use case's id or `id`, `arm`,
    and `planned_action` where each action has a control of its own.

    Raises:
        DataError: one line that names file, column and row.
    """
    database.insert("arms", _SCHEMA.empty_table())
    with open_table(path) as table:
        places = _Places.of(table, usecase)
        for chunk in table.chunks:
            ids = clean(chunk.columns[places.id], frozenset(usecase.missing))
            arms = clean(chunk.columns[places.arm], frozenset())  # "none" is an arm
            nothing: Sequence[Cell] = [None] * len(chunk)
            plans = nothing if places.planned is None else clean(chunk.columns[places.planned], frozenset())
            for cells, place in ((ids, places.id), (arms, places.arm)):
                if None in cells:
                    problem, row = "is missing", chunk.rows[list(cells).index(None)]
                    raise DataError(table.file, problem, column=table.header[place], row=row)
            for key in keys:
                columns = ([key.of(str(each)) for each in ids], arms, [plan or "" for plan in plans], chunk.rows)
                arrays = [pyarrow.array(column, each.type) for column, each in zip(columns, _SCHEMA, strict=True)]
                database.insert("arms", pyarrow.Table.from_arrays(arrays, schema=_SCHEMA))
        _require_once(database, table.file, table.header[places.id])


def _require_once(database: Database, file: str, column: str) -> None:
    """Who is dealt to two arms can be counted in none."""
    twice = database.rows("SELECT max(line) FROM arms GROUP BY customer HAVING count(*) > 1 ORDER BY 1 LIMIT 1")
    for (row,) in twice:
        raise DataError(file, "is the customer of a row before, too", column=column, row=row)


def effects(database: Database, words: Words, by: Dimension) -> Iterator[tuple[Model, str, Effect]]:
    """The effect of every arm that has a control, by model and level."""
    rows = database.rows(
        f"""SELECT model, {by.level}::BIGINT AS level, planned, arm, count(*), sum(units.churned)::BIGINT
        FROM units JOIN outcomes USING (place) JOIN arms USING (customer)
        WHERE arm <> '{NOBODY}' GROUP BY ALL ORDER BY model, level, planned, arm"""
    )
    counts = {(model, level, planned, arm): tuple(rest) for model, level, planned, arm, *rest in rows}
    for (model, level, planned, arm), (customers, leavers) in counts.items():
        control = counts.get((model, level, planned, CONTROL))
        if arm != CONTROL and control is not None:
            reduction = _reduction(leavers, customers, control[1], control[0])
            name = arm if planned in ("", arm) else f"{arm} of {planned}"
            yield words.models[model], by.name(level), Effect(name, reduction, customers, leavers, *control)


def _reduction(leavers: int, customers: int, control_leavers: int, control: int) -> Interval:
    from statsmodels.stats.proportion import confint_proportions_2indep

    lower, upper = confint_proportions_2indep(control_leavers, control, leavers, customers, method="newcomb")
    return Interval(control_leavers / control - leavers / customers, float(lower), float(upper))
