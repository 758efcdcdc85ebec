"""Guesses the features of a data set whose use case lists none.

A column is a number when every cell that is not missing spells one, else a category. What cannot help a model, a text
that is nearly unique or a constant, is left out with a notice. It must not read files or look at the label.
"""

from collections.abc import Callable, Mapping, Sequence

from churn_data.cells import Cell, is_number
from churn_data.errors import DataError, glimpse
from churn_model.usecase import Feature, UseCase

NEARLY_UNIQUE = 0.5
"""Share of distinct values among the known ones from which a text column counts as an identifier or free text."""
FEW_LEVELS = 20
"""A text column with at most so many levels is kept however few rows there are."""

FEW_KNOWN = 10
"""A column with fewer known values teaches nothing and may be empty in a fold."""

Notice = Callable[[str], None]
"""Is told lines about what was read, for a person."""


def unheard(line: str) -> None:
    """A notice that nobody wants to hear."""


def infer_features(
    columns: Mapping[str, Sequence[Cell]], usecase: UseCase, file: str, notice: Notice
) -> tuple[Feature, ...]:
    """Features for every useful column but the id and the label, in the file's order.

    Args:
        columns: cleaned cells by column name.
        usecase: names id, label and value column.
        file: for messages.
        notice: told one line about each column that is left out.

    Raises:
        DataError: a column without any value, or no column left.
    """
    features: list[Feature] = []
    for name, cells in columns.items():
        if name in (usecase.id, usecase.label.column, usecase.time.observed_since if usecase.time else ""):
            continue
        reason = _reason_to_drop(name, cells, usecase, file)
        if reason:
            notice(f'{file}: column "{glimpse(name)}" is left out: {reason}')
        else:
            kind = "number" if all(map(is_number, cells)) else "category"
            features.append(Feature(name=name, type=kind))  # type: ignore[arg-type]
    if not features:
        raise DataError(file, "has no usable column beside id and label")
    return tuple(features)


def _reason_to_drop(name: str, cells: Sequence[Cell], usecase: UseCase, file: str) -> str | None:
    known = [cell for cell in cells if cell is not None]
    if not known:
        raise DataError(file, "every value is missing", column=name)
    if name == usecase.value.column:
        return None
    if len(known) < FEW_KNOWN <= len(cells) - len(known):
        return f"only {len(known)} of {len(cells)} rows {'has' if len(known) == 1 else 'have'} a value"
    distinct = len(set(known))
    if distinct == 1 and len(known) == len(cells):
        return "every row has the same value"
    if distinct > max(FEW_LEVELS, NEARLY_UNIQUE * len(known)) and not all(map(is_number, known)):
        return f"its texts are nearly unique ({distinct} different in {len(known)} rows)"
    return None
