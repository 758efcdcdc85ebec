"""Cells that hold JSON: an object or a list in one cell is several values, and no level.

It must not know files.
"""

from collections.abc import Mapping
from itertools import islice
from typing import Any

import msgspec

from churn_data.errors import glimpse

_LOOKED_AT = 200
_MOST = 0.9
"""Share of the texts looked at that must be JSON."""
_SHOWN = 5


def json_cells(counts: Mapping[str, int]) -> str:
    """What to say of texts that are objects or lists of JSON; empty if they are none.

    Args:
        counts: how often each text occurs.
    """
    texts = list(islice(counts, _LOOKED_AT))
    found = [value for text in texts if text[:1] in ("{", "[") and isinstance(value := _read(text), dict | list)]
    if not texts or len(found) < _MOST * len(texts):
        return ""
    names = dict.fromkeys(name for value in found if isinstance(value, dict) for name in value)
    if not names:
        return "it holds lists of JSON, a single value was expected: make columns of what counts in them"
    shown = ", ".join(map(glimpse, list(names)[:_SHOWN])) + (", …" if len(names) > _SHOWN else "")
    return f"it holds objects of JSON ({shown}), a single value was expected: make each of these a column of its own"


def _read(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
