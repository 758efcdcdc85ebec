"""Says how many customers of a file that is scored or planned for have left already, by the use case's own label.

Whoever scores the file that a model was made of has everybody in it: an action for those who are gone is money for
nothing. It must not know models, and it refuses nothing: a label need not be there.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

import pyarrow.compute

from churn_data.cells import Cell, cleaned
from churn_data.labels import same_label
from churn_data.notices import Notices
from churn_data.tables import Chunk, Table
from churn_model.not_known import says_never
from churn_model.rules import Label
from churn_model.spelling import tokens_of

KIND = "left already"
"""Of the notice, for programs."""


class LeaversLeftIn:
    """Counts the label's values while chunks go by; without a label, or where the file has no such column, nothing."""

    def __init__(self, table: Table, label: Label | None, missing: Iterable[str]) -> None:
        """`missing`: texts that mean "not known"."""
        self._label, self._missing = label, tokens_of(missing)
        there = label is not None and label.column in table.header
        self._place = table.header.index(label.column) if label is not None and there else None
        self._counts: Counter[Cell] = Counter()

    def seen(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """The same chunks, counted."""
        for chunk in chunks:
            if self._place is not None:
                for found in pyarrow.compute.value_counts(chunk.arrays[self._place]).to_pylist():
                    self._counts[found["values"]] += found["counts"]
            yield chunk

    def tell(self, notices: Notices) -> None:
        """Say how many have left, if anybody has."""
        left = self.left
        if self._label is not None and left:
            have = "has" if left == 1 else "have"
            text = (
                f"{left:,} of {self.rows:,} customers {have} left already, as it says; a plan is for those "
                f"whom you still have: take the others out of the file first"
            )
            notices.tell(KIND, text, self._label.column)

    @property
    def left(self) -> int:
        """How many of the customers seen so far have left."""
        label = self._label
        if label is None:
            return 0
        return sum(count for cell, count in self._counts.items() if self._says_left(cell, label))

    @property
    def rows(self) -> int:
        """Of how many that is known, or could be."""
        return self._counts.total()

    def _says_left(self, cell: Cell, label: Label) -> bool:
        text = cleaned(cell, self._missing)
        if text is None:
            return False
        return not says_never(text) if label.is_date else any(same_label(text, value) for value in label.leavers)
