"""From a column of dates to days before a snapshot, and from a use case's words to the snapshot itself.

Training, batch scoring and campaigns make numbers of dates by these functions alone. It must not read files.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

import msgspec

from churn_data.cells import Cell
from churn_data.coded_cells import coded
from churn_data.column_facts import facts_of
from churn_data.date_columns import counted_date, date_column
from churn_data.date_spellings import is_compact_date
from churn_data.errors import DataError, NoSuchColumn, glimpse
from churn_data.guessed_snapshots import guess_snapshot
from churn_data.notices import Notices
from churn_model.dates import COMPACT, ISO, DateRule, days_before, moment, says_when
from churn_model.not_known import says_never
from churn_model.rules import Feature, TimeRule
from churn_model.usecase import UseCase

GUESSED, ANOTHER = "snapshot", "; `time.snapshot` sets another"
"""The kind of the notice that says how a snapshot was guessed, and how it ends."""
Snapshots = datetime | Sequence[datetime]
"""One snapshot for all rows, or each row's own."""


def date_rule(feature: Feature, usecase: UseCase) -> DateRule:
    """What a server needs to make days of this feature's dates; snapshot and spellings must be known."""
    snapshot = usecase.time.snapshot if usecase.time else ""
    spelling = feature.spelling or ISO
    if is_date(snapshot):
        return DateRule(spelling, snapshot)
    return DateRule(spelling, "", snapshot, (usecase.time.snapshot_spelling if usecase.time else "") or ISO)


def with_snapshot(columns: Mapping[str, Sequence[Cell]], usecase: UseCase, notices: Notices) -> UseCase:
    """The use case with what its dates need filled in: their spellings, and without a snapshot the latest of their
    days that was not one to come.

    Raises:
        DataError: the column that it names is not there.
    """
    features = tuple(
        msgspec.structs.replace(feature, spelling=_spelling(columns, feature.name, notices.file))
        if feature.type == "date" and not feature.spelling
        else feature
        for feature in usecase.features
    )
    for feature in features:
        if feature.type == "date":
            _tell_never(columns[feature.name], feature.name, notices)
    return msgspec.structs.replace(usecase, features=features, time=_time(columns, features, usecase.time, notices))


def _time(
    columns: Mapping[str, Sequence[Cell]], features: Sequence[Feature], rule: TimeRule | None, notices: Notices
) -> TimeRule | None:
    if rule is not None and is_date(rule.snapshot):
        return rule
    if rule is not None and rule.snapshot:
        if rule.snapshot not in columns:
            problem = "no such column in the header, `time.snapshot` needs it, or a date such as 2024-03-31"
            raise DataError(notices.file, problem, column=rule.snapshot, row=1)
        spelling = rule.snapshot_spelling or _spelling(columns, rule.snapshot, notices.file)
        return msgspec.structs.replace(rule, snapshot_spelling=spelling)
    dates = {
        each.name: set(_readable(columns[each.name], each.spelling or ISO)) for each in features if each.type == "date"
    }
    guess = guess_snapshot(dates)
    if guess is None:
        return rule
    day = guess.day.isoformat()
    notices.tell(GUESSED, f"dates become days before {day}, {guess.reason}{ANOTHER}")
    return msgspec.structs.replace(rule or TimeRule(), snapshot=day)


def _tell_never(cells: Sequence[Cell], name: str, notices: Notices) -> None:
    never = {text: count for text, count in coded(cells).found().items() if says_never(text)}
    if never:
        shown = ", ".join(f'"{glimpse(text)}" {count:,} times' for text, count in sorted(never.items())[:4])
        notices.tell(
            "missing tokens", f"a column of dates, {shown} {'is' if len(never) == 1 else 'are'} read as missing", name
        )


def _readable(cells: Sequence[Cell], spelling: str) -> Iterator[datetime]:
    """The dates among the cells; what is none is refused where it is read with its row."""
    for cell in set(cells):
        with suppress(ValueError):
            if cell is not None and not says_never(cell) and says_when(found := moment(cell, spelling)):
                yield found


def _spelling(columns: Mapping[str, Sequence[Cell]], name: str, file: str) -> str:
    """How most of a column's cells are spelt; ISO's where nothing reads them, so that the first is refused."""
    if name not in columns:
        raise NoSuchColumn(file, name)
    facts = facts_of(name, columns[name])
    if is_compact_date(facts.counts):
        return COMPACT
    found = date_column(facts)
    return found.spelling if found else counted_date(facts, surely=True) or ISO


def snapshots_of(rule: DateRule, columns: Mapping[str, Sequence[Cell]], rows: Sequence[int], file: str) -> Snapshots:
    """The snapshot, or each row's own.

    Args:
        rule: of any date feature.
        columns: cells by name; looked at where the rule names a column.
        rows: numbers of the rows, for messages.
        file: for messages.

    Raises:
        DataError: a row has no snapshot, or one that is no date.
    """
    if not rule.snapshot_column:
        return moment(rule.snapshot)
    found: dict[str, datetime] = {}
    snapshots: list[datetime] = []
    for cell, row in zip(columns[rule.snapshot_column], rows, strict=True):
        if cell is None:
            raise DataError(file, "the snapshot is missing, a date was expected", column=rule.snapshot_column, row=row)
        if cell not in found:
            try:
                found[cell] = moment(cell, rule.snapshot_spelling)
            except ValueError:
                problem = f'"{glimpse(cell)}" is not a date'
                raise DataError(file, problem, column=rule.snapshot_column, row=row) from None
        snapshots.append(found[cell])
    return snapshots


def date_numbers(
    cells: Sequence[Cell], snapshots: Snapshots, rows: Sequence[int], file: str, column: str, rule: DateRule
) -> list[float]:
    """Days from each date to its snapshot, NaN for missing.

    Raises:
        DataError: names the first cell that is not a date.
    """
    known: dict[tuple[Cell, datetime], float] = {}
    found: list[float] = []
    for index, (cell, row) in enumerate(zip(cells, rows, strict=True)):
        snapshot = snapshots if isinstance(snapshots, datetime) else snapshots[index]
        if (cell, snapshot) not in known:
            try:
                never = cell is None or says_never(cell)
                known[cell, snapshot] = math.nan if never else days_before(snapshot, cell or "", rule.spelling)
            except ValueError as problem:
                raise DataError(file, f'"{glimpse(cell or "")}" {problem}', column=column, row=row) from None
        found.append(known[cell, snapshot])
    return found


def is_date(text: str) -> bool:
    """Whether a use case's snapshot is a date, for all rows, and not the name of a column."""
    try:
        moment(text)
    except ValueError:
        return False
    return True
