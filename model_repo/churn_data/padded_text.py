"""Tables whose columns blanks keep apart, as reports print them: told from a list of texts, and not guessed at.

It must not know CSV.
"""

import re
from itertools import islice

from churn_data.errors import DataError

_LOOKED_AT = 50
_MOST = 0.8
_PADDED = re.compile(r"\S {2,}\S")
_CONVERT = "python -c \"import pandas; pandas.read_fwf('FILE').to_csv('customers.csv', index=False)\""


def require_delimited(sample: str, file: str) -> None:
    """Return if a text without delimiters is a list of texts.

    Raises:
        DataError: its lines are columns that blanks keep apart.
    """
    lines = [line.strip() for line in islice(sample.splitlines(), _LOOKED_AT) if line.strip()]
    if len(lines) < 2:  # noqa: PLR2004 - a header alone
        return
    sizes = [len(line.split()) for line in lines]
    if sizes[0] > 2 and sizes.count(sizes[0]) == len(sizes) and not any(_PADDED.search(line) for line in lines):  # noqa: PLR2004 - names have two words
        raise DataError(file, 'its fields are separated by blanks: say so by --delimiter " "')
    padded = sum(_PADDED.search(line) is not None for line in lines)
    if sizes[0] > 1 and padded >= _MOST * len(lines):
        name = file.rsplit("/", 1)[-1]
        problem = f"columns of fixed width, padded with blanks: make it CSV, e.g. {_CONVERT.replace('FILE', name)}"
        raise DataError(file, problem)
