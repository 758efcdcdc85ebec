"""What a campaign has changed, where its arms are known: customers dealt to an action and to its control, by what
became of them after their answers.

Everybody counts in the arm that they were dealt to, contacted or not. It must not know models; a whole experiment, with
looks and corrections, is read by `churn experiment read`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow

from churn_data.cells import clean
from churn_data.errors import DataError, NoSuchColumn
from churn_data.tables import Table, open_table
from churn_model.prediction_log.pseudonyms import HASH_BYTES, PseudonymKey
from churn_model.usecase import UseCase
from churn_monitoring.outcomes.database import Database
from churn_monitoring.outcomes.measures import Interval
from churn_monitoring.outcomes.slices import Dimension, Model, Words

ARM, PLANNED, CONTROL, NOBODY = "arm", "planned_action", "control", "none"
_IDS = ("id",)
_SCHEMA = pyarrow.schema(
    [("customer", pyarrow.binary(HASH_BYTES)), ("arm", pyarrow.string()), ("planned", pyarrow.string())]
)


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
    missing = frozenset(usecase.missing)
    with open_table(path) as table:
        places = [_id_place(table, usecase), _place(table, ARM)]
        planned = table.header.index(PLANNED) if PLANNED in table.header else None
        for chunk in table.chunks:
            ids, arms = (clean(chunk.columns[place], missing) for place in places)
            plans = (
                [""] * len(chunk)
                if planned is None
                else [cell or "" for cell in clean(chunk.columns[planned], missing)]
            )
            for cells, column in ((ids, table.header[places[0]]), (arms, ARM)):
                if None in cells:
                    raise DataError(table.file, "is missing", column=column, row=chunk.rows[cells.index(None)])
            for key in keys:
                hashes = pyarrow.array([key.of(str(each)) for each in ids], _SCHEMA.field(0).type)
                database.insert(
                    "arms",
                    pyarrow.Table.from_arrays([hashes, pyarrow.array(arms), pyarrow.array(plans)], schema=_SCHEMA),
                )


def effects(database: Database, words: Words, by: Dimension) -> Iterator[tuple[Model, str, Effect]]:
    """The effect of every arm that has a control, by model and level."""
    rows = database.rows(
        f"""SELECT model, {by.level} AS level, planned, arm, count(*), sum(units.churned)::BIGINT
        FROM units JOIN outcomes USING (place) JOIN arms USING (customer)
        WHERE known > 0 AND arm <> '{NOBODY}' GROUP BY ALL ORDER BY model, level, planned, arm"""
    )
    counts = {(model, level, planned, arm): tuple(rest) for model, level, planned, arm, *rest in rows}
    for (model, level, planned, arm), (customers, leavers) in counts.items():
        control = counts.get((model, level, planned, CONTROL))
        if arm != CONTROL and control is not None:
            reduction = _reduction(leavers, customers, control[1], control[0])
            yield words.models[model], by.name(level), Effect(arm, reduction, customers, leavers, *control)


def _reduction(leavers: int, customers: int, control_leavers: int, control: int) -> Interval:
    from statsmodels.stats.proportion import confint_proportions_2indep

    lower, upper = confint_proportions_2indep(control_leavers, control, leavers, customers, method="newcomb")
    return Interval(control_leavers / control - leavers / customers, float(lower), float(upper))


def _id_place(table: Table, usecase: UseCase) -> int:
    for each in (usecase.required_id(), *_IDS):
        if each in table.header:
            return table.header.index(each)
    raise NoSuchColumn(table.file, usecase.id)


def _place(table: Table, name: str) -> int:
    if name not in table.header:
        raise DataError(table.file, "no such column in the header", column=name, row=1)
    return table.header.index(name)
