"""Errors of training: what is wrong with the data somebody handed in.

A message is one line for a person at a terminal. It must not carry a customer's id or more than a glimpse of a cell.
"""

from churn_model.errors import ChurnModelError

GLIMPSE = 40


class DataError(ChurnModelError):
    """The data cannot be used; the text names file, column and row (a spreadsheet's number, header = row 1)."""

    def __init__(self, file: str, problem: str, *, column: str | None = None, row: int | None = None) -> None:
        place = [file]
        if column is not None:
            place.append(f'column "{glimpse(column)}"')
        if row is not None:
            place.append(f"row {row}")
        super().__init__(f"{', '.join(place)}: {problem}")


def glimpse(text: str) -> str:
    """The text on one line, unprintable characters escaped, cut to 40 characters."""
    plain = "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
    return plain if len(plain) <= GLIMPSE else plain[: GLIMPSE - 1] + "…"
