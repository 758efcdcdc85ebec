"""Cells that an export has guarded, so that a spreadsheet keeps them as texts: ="0012" and '0012 say 0012.

The guard belongs to the file: nobody sends it with a customer. It must not know what columns mean.
"""

import re
from collections.abc import Sequence

import pyarrow
import pyarrow.compute

from churn_data.notices import Notices

_GUARDED = r"""^(?:="([^"]*)"|'([-+=@.\d][^']*))\s*$"""
"""An apostrophe guards what a spreadsheet would compute; elsewhere it is a letter ('t Hooft) or a quote ('12')."""
_TOLD = 'guards that make a spreadsheet keep texts, as ="12" and \'12 have them, are taken off'


def without_guard(cell: str) -> str:
    """What a cell says."""
    return re.sub(_GUARDED, r"\1\2", cell) if cell[:1] in ("=", "'") else cell


def may_hold_guards(text: bytes) -> bool:
    """Whether some cell of a text may be guarded: quick, and seldom so."""
    return b'="' in text or b"'" in text


class Guards:
    """Takes guards off the batches of one table, and knows of which columns."""

    def __init__(self, header: Sequence[str]) -> None:
        """`header` are the columns' names, in the order of the batches."""
        self._header = header
        self._found: dict[str, None] = {}

    def off(self, batch: list[pyarrow.Array]) -> list[pyarrow.Array]:
        """Columns of texts without guards."""
        return [self._plain(place, column) for place, column in enumerate(batch)]

    def _plain(self, place: int, column: pyarrow.Array) -> pyarrow.Array:
        begins = pyarrow.compute.or_(
            pyarrow.compute.starts_with(column, '="'), pyarrow.compute.starts_with(column, "'")
        )
        if not pyarrow.compute.any(begins).as_py():
            return column
        plain = pyarrow.compute.replace_substring_regex(column, _GUARDED, r"\1\2")
        if not plain.equals(column):
            self._found.setdefault(self._header[place])
        return plain

    def tell(self, notices: Notices) -> None:
        """Tell of columns that had some."""
        for name in self._found:
            notices.tell("text guards", _TOLD, name)
