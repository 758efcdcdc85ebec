"""Which texts may stand in a use case: what people read must be what it looks like.

Texts that name columns and values of data files are as odd as the files are; they must be Unicode text without zeros,
which is what protocols can carry. It must not know how the file is read.
"""

import re

from churn_model.errors import UseCaseError
from churn_model.names import unicode_fault

_OF_DATA = re.compile(
    r"(id|label|value|missing|groups|time|contacts|simulation|(segments|prediction_log)\.features|features\[\d+\]\.(name|spelling|simulate)"
    r"|actions\[\d+\]\.consent)(?![^.\[])"
)
# Controls but tab and line breaks, which texts of several lines hold, and what turns the order of letters round.
_DECEIVING = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_SHOWN = 200


def check_texts(value: object, source: str, path: str = "") -> None:
    """Hold every text of a document, keys among them, against what can be carried and read.

    Raises:
        UseCaseError: one line that names the file and the key.
    """
    if isinstance(value, str):
        fault = unicode_fault(value) or ("" if _OF_DATA.match(path) else _deceit(value))
        if fault:
            raise UseCaseError(f"{source}: `{_shown(path)}` {fault}")
    elif isinstance(value, dict):
        for key, part in value.items():
            inner = f"{path}.{key}" if path else str(key)
            check_texts(str(key), source, inner)
            check_texts(part, source, inner)
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            check_texts(part, source, f"{path}[{index}]")


def _deceit(text: str) -> str:
    found = _DECEIVING.search(text)
    return f"holds {found[0]!a}, a character that is not seen and changes what is" if found else ""


def _shown(path: str) -> str:
    return path[:_SHOWN] if path.isprintable() else ascii(path[:_SHOWN])[1:-1]
