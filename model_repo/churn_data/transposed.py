"""Tables that lie on their side, customers as columns: told by the kinds of their rows, never turned in silence.

It looks at the first records alone. It must not know what a model needs.
"""

from collections.abc import Sequence

from churn_data.column_names import words_of
from churn_data.errors import DataError, glimpse
from churn_data.label_meanings import says_leaving
from churn_data.number_texts import NumberColumn
from churn_model.not_known import TOKENS

MOST_FIELDS = 400
"""Rows beyond which they are customers: nobody has as many columns."""
_FEWEST = 4
"""Cells of a row beside its name, and rows, without which nothing is said."""
_MANY = 40
"""Columns from which two or three rows, one of them called as the label, are columns."""
_EACH = 2
"""Rows of numbers and rows of words that there are at least."""
_TURN_PARQUET = (
    "python -c \"import pandas; f = pandas.read_parquet('FILE'); (f if isinstance(f.index[0], str) else "
    "f.set_index(f.columns[0])).T.to_csv('customers.csv', index_label='id')\""
)
_TURN = (
    "python -c \"import pandas; pandas.read_csv('FILE', header=None).T.to_csv('customers.csv', "
    'index=False, header=False)"'
)


def require_upright(header: Sequence[str], rows: Sequence[Sequence[str]], file: str, *, parquet: bool = False) -> None:
    """Return if rows may be customers.

    Rows lie where each is of one kind, some of numbers and some of words, which no column then is; or where the first
    column names the label and no column does.

    Raises:
        DataError: rows are columns.
    """
    width = len(header)
    if not 1 < len(rows) <= MOST_FIELDS or width <= _FEWEST or any(len(row) != width for row in rows):
        return
    names = [row[0].strip() for row in rows]
    if len({*names}) < len(names) or any(not name or _is_number(name) for name in names):
        return
    label = next((name for name in names if says_leaving(words_of(name))), "")
    asked = label and not any(says_leaving(words_of(name)) for name in header)
    kinds = [_kind(row[1:]) for row in rows]
    mixed = kinds.count("")
    by_kind = not mixed and min(kinds.count("number"), kinds.count("word")) >= _EACH
    if len(rows) < _FEWEST and not (asked and width > _MANY):
        return
    if not by_kind and not (asked and mixed <= len(kinds) / 10):
        return
    shown = ", ".join(f'"{glimpse(name)}"' for name in dict.fromkeys([*names[:2], label or names[2]]))
    name = file.rsplit("/", 1)[-1]
    problem = (
        f"lies on its side: the first column holds names of columns ({shown}), so customers are columns; turn it, "
        f"e.g. {(_TURN_PARQUET if parquet else _TURN).replace('FILE', name)}"
    )
    raise DataError(file, problem)


def _kind(cells: Sequence[str]) -> str:
    """What a row holds but for missing cells: numbers, words, or both (empty)."""
    known = {cell.strip() for cell in cells if cell.strip().lower() not in TOKENS}
    odd = len(NumberColumn().read(dict.fromkeys(known, 1))[1]) if known else 0
    if odd == len(known):
        return "word"
    return "" if odd else "number"


def _is_number(text: str) -> bool:
    return not NumberColumn().read({text: 1})[1]
