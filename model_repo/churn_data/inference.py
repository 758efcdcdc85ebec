"""Which columns of a file become inputs of a model: all that the use case lists, else all that can honestly be.

What is left out is told with its reason, what is listed against better knowledge with a warning. It must not read
files.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import msgspec
import numpy

from churn_data.cells import Cell
from churn_data.coded_cells import coded
from churn_data.column_facts import ColumnFacts, facts_of
from churn_data.column_names import human_label, words_of
from churn_data.column_roles import Role, role_of
from churn_data.contact_columns import why_bound
from churn_data.date_columns import date_column
from churn_data.errors import DataError, glimpse
from churn_data.leaks import leak_in
from churn_data.like_levels import like_levels
from churn_data.notices import Notices
from churn_model.dates import ISO
from churn_model.names import name_fault
from churn_model.rules import Feature, TimeRule
from churn_model.usecase import UseCase

Columns = Mapping[str, Sequence[Cell]]
LEFT_OUT, LEAK, KEPT, DATES, LEVELS = "left out", "leak", "kept", "dates", "levels"
"""Kinds of notices."""
SNAPSHOT = {"snapshot", "stichtag", "asof", "cutoff"}
AS_OF = {("as", "of"), *((each, "date") for each in ("report", "reporting", "observation", "extract", "export", "cut"))}
"""Words, and pairs of them, of the day as of which a row stands."""
DAYS = {"date", "day", "time", "datetime", "timestamp", "at", "on", "of", "dt", "datum"}
"""Words that a name of days has beside the name of what happened on them."""
MANY_ROWS = 0.9
"""Customers a row below which a file describes customers more than once."""


def infer_features(columns: Columns, churned: numpy.ndarray, usecase: UseCase, notices: Notices) -> UseCase:
    """The use case with features for every useful column but the id and the label, in the file's order; where customers
    have several rows, with the date that tells these apart as the snapshot.

    Args:
        columns: cleaned cells by column name.
        churned: 0 or 1 a row.
        usecase: names id, label and value column.
        notices: told one line about each column that is left out.

    Raises:
        DataError: no column left.
    """
    usecase = _with_time_column(columns, usecase, notices)
    once = _rows_of_customers(columns, usecase)
    features: list[Feature] = []
    leaks: list[ColumnFacts] = []
    days: dict[str, str] = {}
    for name in _candidates(columns, usecase):
        cells = columns[name]
        facts = facts_of(name, coded(cells).take(once) if len(once) < len(cells) else cells)
        is_value = usecase.value is not None and name == usecase.value.column
        bound = why_bound(facts, usecase)
        snapshot = columns.get(usecase.time.snapshot if usecase.time else "")
        role = Role(left_out=bound) if bound else _role(facts, cells, snapshot, wanted=is_value)
        leak = "" if role.left_out and not name_fault(name) else leak_in(facts, cells, churned)
        if role.left_out or leak:
            _tell_left_out(name, role, leak, notices)
            leaks += [facts] if leak else []
        else:
            if role.type == "category":
                _tell_like_levels(facts, notices)
            if role.remark and role.type == "date":
                days[name] = role.remark
            elif role.remark:
                notices.tell(KEPT, role.remark, name)
            features.append(Feature(name=name, type=role.type, label=human_label(name), spelling=role.spelling))
    features = [each for each in features if not _dates_a_leak(each, leaks, notices)]
    for feature in features:
        if feature.name in days:
            notices.tell(DATES, days[feature.name], feature.name)
    if not features:
        raise DataError(notices.file, "has no usable column beside id and label: add what is known of each customer")
    return usecase.with_features(tuple(features))


def _dates_a_leak(feature: Feature, leaks: Sequence[ColumnFacts], notices: Notices) -> bool:
    """Whether it is the day of what gives the answer away: `reservation_status_date` beside `reservation_status`."""
    if feature.type != "date":
        return False
    words = {*words_of(feature.name)} - DAYS
    leak = next((facts for facts in leaks if words == {*facts.words} - DAYS), None)
    if leak is not None:
        reason = f'the day of "{glimpse(leak.name)}" by its name, which gives the answer away'
        _tell_left_out(feature.name, Role(), reason, notices)
    return leak is not None


def _role(facts: ColumnFacts, cells: Sequence[Cell], snapshot: Sequence[Cell] | None, *, wanted: bool) -> Role:
    role = role_of(facts, wanted=wanted)
    if role.type == "date" and snapshot is not None and list(cells) == list(snapshot):
        return Role(left_out="the same day as the snapshot in every row")
    return role


def check_listed(columns: Columns, churned: numpy.ndarray, usecase: UseCase, notices: Notices) -> None:
    """Tell of every listed feature that would be left out if nobody had listed it, and why."""
    once = _rows_of_customers(columns, usecase)
    for feature in usecase.features:
        cells = columns[feature.name]
        facts = facts_of(feature.name, coded(cells).take(once) if len(once) < len(cells) else cells)
        if not facts.known:
            continue
        reason = why_bound(facts, usecase) or role_of(facts).left_out
        leak = leak_in(facts, cells, churned)
        if feature.type == "category":
            _tell_like_levels(facts, notices)
        if leak:
            notices.tell(LEAK, f"kept because the use case lists it, though {leak}: a leak?", feature.name)
        elif reason:
            notices.tell(
                KEPT, f"kept because the use case lists it, though not one to learn from: {reason}", feature.name
            )


def _tell_like_levels(facts: ColumnFacts, notices: Notices) -> None:
    alike = like_levels(facts.counts)
    if alike:
        notices.tell(LEVELS, alike, facts.name)


def _candidates(columns: Columns, usecase: UseCase) -> list[str]:
    taken = {
        usecase.id,
        usecase.label.column,
        *((usecase.time.snapshot, usecase.time.observed_since) if usecase.time else ()),
    }
    return [name for name in columns if name not in taken]


def _tell_left_out(name: str, role: Role, leak: str, notices: Notices) -> None:
    if leak and role.left_out:
        notices.tell(LEAK, f"left out: {role.left_out}, and {leak}", name)
    elif leak:
        notices.tell(LEAK, f"left out, {leak}; list it among `features` if it is known beforehand", name)
    else:
        notices.tell(LEFT_OUT, f"left out: {role.left_out}", name)


def _rows_of_customers(columns: Columns, usecase: UseCase) -> numpy.ndarray:
    """The first row of each customer; who has no id is one of their own."""
    if usecase.id not in columns:
        return numpy.arange(len(columns[usecase.label.column]))
    ids = coded(columns[usecase.id])
    rows = numpy.arange(len(ids))
    first: numpy.ndarray = rows[~ids.known | (ids.taken(ids.first) == rows)]
    return first


def _with_time_column(columns: Columns, usecase: UseCase, notices: Notices) -> UseCase:
    """With a column of dates that is called a snapshot as that; else the first date that differs in all rows of a
    customer, where customers have several rows."""
    if usecase.time is not None and usecase.time.snapshot:
        return usecase
    for name in _candidates(columns, usecase):
        date = date_column(facts_of(name, columns[name])) if _is_called_snapshot(name) else None
        if date is not None and None not in columns[name]:
            notices.tell(DATES, "the day as of which each row stands, by its name: taken as the snapshot", name)
            return _with_snapshot_column(usecase, name, date.spelling)
    if usecase.id not in columns:
        return usecase
    ids = columns[usecase.id]
    if numpy.count_nonzero(coded(ids).counts) > MANY_ROWS * len(ids):
        return usecase
    for name in _candidates(columns, usecase):
        role = role_of(facts_of(name, columns[name]))
        if role.type == "date" and len(set(zip(ids, columns[name], strict=True))) == len(ids):
            notices.tell(DATES, "customers have several rows, one for each date here: taken as the snapshot", name)
            return _with_snapshot_column(usecase, name, role.spelling)
    return usecase


def _is_called_snapshot(name: str) -> bool:
    words = words_of(name)
    return bool(set(words) & SNAPSHOT) or any(pair in AS_OF for pair in pairwise(words))


def _with_snapshot_column(usecase: UseCase, name: str, spelling: str) -> UseCase:
    time = msgspec.structs.replace(usecase.time or TimeRule(), snapshot=name, snapshot_spelling=spelling or ISO)
    return msgspec.structs.replace(usecase, time=time)
