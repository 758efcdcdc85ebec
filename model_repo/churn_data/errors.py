"""What is wrong with the data somebody handed in, and what failed without anybody's bad input.

    ChurnModelError
    ├── DataError           the data cannot be used
    │   └── NoSuchColumn        a column that somebody named is not in the header
    ├── PackageKeyError     a key that the environment names cannot be used (churn_training.packaging.keys)
    └── Failure             nothing is wrong with the input; carries the exit code
        └── Unavailable         something that is needed does not answer now; worth trying again

A message is one line for a person at a terminal. It must not carry a customer's id or more than a glimpse of a cell.
"""

from churn_model.errors import ChurnModelError

GLIMPSE = 40


class DataError(ChurnModelError):
    """The data cannot be used; the text names file, column and row (a spreadsheet's number, header = row 1)."""

    def __init__(self, file: str, problem: str, *, column: str | None = None, row: int | None = None) -> None:
        self.file = file
        self._problem, self._column, self._row = problem, column, row
        place = [file]
        if column is not None:
            place.append(f'column "{glimpse(column)}"')
        if row is not None:
            place.append(f"row {row}")
        super().__init__(f"{', '.join(place)}: {problem}")

    def of(self, file: str) -> "DataError":
        """The same problem of a file that people know by another name."""
        return DataError(file, self._problem, column=self._column, row=self._row)


class NoSuchColumn(DataError):
    """A column is not in the header; `more` says who needs it or which one may be meant."""

    def __init__(self, file: str, name: str, more: str = "") -> None:
        self._name, self._more = name, more
        super().__init__(file, f"no such column in the header{more}", column=name, row=1)

    def of(self, file: str) -> "NoSuchColumn":
        """The same problem of a file that people know by another name."""
        return NoSuchColumn(file, self._name, self._more)

    def where_usecase(self, name: str, otherwise: str = "unless --usecase says another") -> "NoSuchColumn":
        """The same, for somebody who may not have said which use case the file is of, and what is to be done then."""
        return NoSuchColumn(self.file, self._name, f"{self._more} (use case {name}, {otherwise})")


class Failure(ChurnModelError):
    """The command failed and the input is not to blame; `exit_code` is the process's."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class Unavailable(Failure):
    """A server that is needed does not answer. In a Kubernetes Job it is tried again."""


def glimpse(text: str) -> str:
    """The text on one line, unprintable characters escaped, cut to 40 characters."""
    plain = "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
    return plain if len(plain) <= GLIMPSE else plain[: GLIMPSE - 1] + "…"
