"""Whether a column of ids says of every row whose it is: ids that a spreadsheet has cut do not, nor do missing ones.

It must not know how the column was found, nor what is done with the rows.
"""

import re
from collections.abc import Mapping, Sequence

import numpy

from churn_data.cells import Cell
from churn_data.coded_cells import coded
from churn_data.column_facts import facts_of
from churn_data.errors import DataError
from churn_data.identifying_columns import cut_numbers
from churn_data.notices import Notices

_WITHOUT_IDS = (
    "no column of ids is named (`id` of a use case, --id of `churn init`): row numbers serve, each row is a customer "
    "of its own. Next time a customer with the same values is held out again, one whose values have changed is a "
    "stranger"
)
"""What to say of a file whose rows have no ids."""
NEEDED = "an answer needs an id to say whose it is: fill it in, or take the row out"
"""What to do about a missing id where everybody is to be answered."""
_SHOWN = 5
_PSEUDONYM = re.compile(r"pseudonym-([A-Za-z0-9._-]{1,64})-[0-9a-f]{32}\Z")


def pseudonym_start(key: str) -> str:
    """What an id begins with that is a customer's keyed hash, before its 32 hexadecimal digits; `key` is the key's id,
    since the same customer has another pseudonym by another key."""
    return f"pseudonym-{key}-"


def pseudonyms_by(ids: Sequence[Cell]) -> str:
    """The key of a file whose ids are pseudonyms by it, all of them; empty where they are not."""
    levels = [level for level in coded(ids).levels if level is not None]
    if not levels or not _PSEUDONYM.match(levels[0]):  # the usual case, which costs nothing
        return ""
    found = {match[1] if (match := _PSEUDONYM.match(level)) else "" for level in levels}
    return found.pop() if len(found) == 1 else ""


def require_whole_ids(name: str, cells: Sequence[Cell], file: str) -> None:
    """Refuse ids that a spreadsheet has cut to 4.90001E+11, which make one customer of many.

    Raises:
        DataError: says so.
    """
    if coded(cells).counts.max(initial=0) <= 1:
        return
    problem = cut_numbers(facts_of(name, cells))
    if problem:
        raise DataError(file, problem, column=name)


def check_ids(name: str, columns: Mapping[str, Sequence[Cell]], rows: Sequence[int], notices: Notices) -> None:
    """Refuse ids that are cut, and name the rows that have none: these can be learnt from and not be answered.

    Args:
        name: of the column, empty where there is none.
        columns: cleaned cells by name.
        rows: their numbers, for the notice.
        notices: told of rows without an id.

    Raises:
        DataError: a spreadsheet has cut the ids.
    """
    if not name:
        notices.tell("id", _WITHOUT_IDS)
        return
    cells = columns[name]
    require_whole_ids(name, cells, notices.file)
    places = numpy.flatnonzero(~coded(cells).known).tolist()
    if not places:
        return
    shown = ", ".join(str(rows[place]) for place in places[:_SHOWN])
    more = f" and {len(places) - _SHOWN:,} others" if len(places) > _SHOWN else ""
    one = len(places) == 1
    text = (
        f"the id is missing in row{'' if one else 's'} {shown}{more}: training keeps {'it' if one else 'each'} as a "
        f"customer of its own, known again by its values; `churn score` refuses {'it' if one else 'them'}"
    )
    notices.tell("missing ids", text, name)
