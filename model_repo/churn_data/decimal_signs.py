"""The decimal sign of a text file's numbers where a column alone does not tell: `1,234` and `1.234` may be a little
more than one or more than a thousand.

What nothing in the file settles is said, never guessed in silence. It must not know what columns mean.
"""

import re
from collections.abc import Sequence
from itertools import zip_longest

from churn_data.dialects import Decimal, FileForm
from churn_data.notices import Notices

_GROUPED = re.compile(r"-?[1-9]\d{0,2}(\.\d{3})+", re.ASCII)
_POINT, _COMMA = re.compile(r"-?(0|[1-9]\d*)\.(\d{1,2}|\d{4,})"), re.compile(r"-?(0|[1-9]\d*),(\d{1,2}|\d{4,})")
_THREE = "numbers with a point all have three digits behind it"


def decimal_of(records: Sequence[Sequence[str]], delimiter: str, form: FileForm, notices: Notices) -> Decimal:
    """The decimal sign where a column alone does not tell, `1,234` or `1.234`: what the file's other numbers have."""
    if form.decimal is not None:
        return form.decimal
    cells = [cell.strip() for record in records for cell in record]
    points = sum(_POINT.fullmatch(cell) is not None for cell in cells)
    commas = sum(_COMMA.fullmatch(cell) is not None for cell in cells)
    thousands, doubt = _dots_for_thousands(records)
    known = bool(commas or points)
    comma = commas > points if known else delimiter == ";" or bool(thousands)
    if comma and commas:
        notices.tell("decimal", "numbers have decimal commas")
    elif thousands and comma:
        notices.tell("decimal", f"dots are for thousands, as {thousands} shows; --decimal . says that they are not")
    elif doubt and comma:
        text = f"{_THREE}, {doubt}: read as thousands, as semicolons between fields go with decimal commas"
        notices.tell("decimal", f"{text}; if they are decimals, say --decimal .")
    elif not comma and (thousands or (doubt and not known)):
        text = f"{_THREE}, {thousands or doubt}: read as decimals"
        notices.tell("decimal", f"{text}; if the points are for thousands, say --decimal ,")
    return "," if comma else "."


def _dots_for_thousands(records: Sequence[Sequence[str]]) -> tuple[str, str]:
    """What shows that the dots in some column are for thousands, and what may: `1.070` beside `998` is written by
    nobody who means 1.07. Empty: nothing does."""
    doubt = ""
    for column in zip_longest(*records, fillvalue=""):
        cells = {cell.strip() for cell in column}
        dotted = sorted(cell for cell in cells if "." in cell)
        if not dotted or not all(map(_GROUPED.fullmatch, dotted)):
            continue
        whole = sorted(cell for cell in cells if cell.isdecimal() and cell != "0")
        several = next((cell for cell in dotted if cell.count(".") > 1), "")
        if several or (whole and all(len(cell) <= 3 for cell in whole) and any(cell[-1] == "0" for cell in dotted)):  # noqa: PLR2004 - digits of a group
            return f'"{several or dotted[0]}" beside "{whole[0]}"' if whole else f'"{several}"', ""
        doubt = doubt or f'such as "{dotted[0]}"'
    return "", doubt
