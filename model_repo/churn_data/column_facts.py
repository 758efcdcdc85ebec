"""What can be counted about one column of a file before anybody decides what it is for.

It must not know labels, use cases or what the facts lead to.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from churn_data.cells import Cell, is_number, parse_number
from churn_data.coded_cells import coded
from churn_data.column_names import words_of
from churn_model.spelling import canonical

EXAMPLES = 4
MOST_SPELT = 10_000
"""Different texts beyond which some that are one in another spelling make no difference to what a column is for."""


@dataclass(frozen=True)
class ColumnFacts:
    """A column: its name, number of rows, and how often each text occurs; missing cells are counted beside them."""

    name: str
    rows: int
    counts: Mapping[str, int]

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of its name."""
        return words_of(self.name)

    @cached_property
    def known(self) -> int:
        """Rows that have a value."""
        return sum(self.counts.values())

    @property
    def distinct(self) -> int:
        """Different values."""
        return len(self.counts)

    @cached_property
    def numeric(self) -> bool:
        """Whether every known cell is a number."""
        return bool(self.counts) and all(map(is_number, self.counts))

    @cached_property
    def whole(self) -> bool:
        """Whether every known cell is a whole number."""
        return self.numeric and all(value.is_integer() for value in self.values)

    @cached_property
    def values(self) -> tuple[float, ...]:
        """The different numbers of a numeric column, sorted."""
        return tuple(sorted(set(map(parse_number, self.counts))))

    @cached_property
    def rows_below_zero(self) -> int:
        """Rows of a numeric column whose number is below 0."""
        return sum(count for text, count in self.counts.items() if parse_number(text) < 0)

    @cached_property
    def median(self) -> float:
        """The number that half of the known rows of a numeric column do not exceed."""
        rest = self.known / 2
        amounts = sorted((parse_number(text), count) for text, count in self.counts.items())
        for value, count in amounts:
            rest -= count
            if rest <= 0:
                return value
        return math.nan

    @cached_property
    def leading_zeros(self) -> bool:
        """Whether some cells are digits after a zero, as in codes: 00101."""
        return any(len(text) > 1 and text[0] == "0" and text.isdecimal() for text in self.counts)

    @property
    def summary(self) -> str:
        """What a person wants to know first, on one line."""
        missing = self.rows - self.known
        gaps = f", {missing:,} missing" if missing else ""
        if self.numeric and self.distinct > EXAMPLES:
            least, most = (
                f"{value:.0f}" if self.whole else f"{value:g}" for value in (self.values[0], self.values[-1])
            )
            return f"{least} to {most}, {self.distinct:,} different{gaps}"
        common = sorted(self.counts, key=lambda text: (-self.counts[text], text))[:EXAMPLES]
        shown = ", ".join(_short(text) for text in common) + (", …" if self.distinct > EXAMPLES else "")
        return f"{self.distinct:,} different: {shown}{gaps}"


def facts_of(name: str, cells: Sequence[Cell]) -> ColumnFacts:
    """Count a column's cells."""
    return ColumnFacts(name, len(cells), _in_one_spelling(coded(cells).found()))


def _in_one_spelling(counts: dict[str, int]) -> dict[str, int]:
    """Texts that every way in takes for one level are counted as one, and otherwise are as they were written."""
    if len(counts) > MOST_SPELT:
        return counts
    spelt: dict[str, list[str]] = {}
    for text in counts:
        spelt.setdefault(canonical(text) or text, []).append(text)
    if len(spelt) == len(counts):
        return counts
    return {
        level if len(texts) > 1 else texts[0]: sum(counts[text] for text in texts) for level, texts in spelt.items()
    }


def _short(text: str, length: int = 24) -> str:
    plain = "".join(character if character.isprintable() else " " for character in text)
    return plain if len(plain) <= length else plain[: length - 1] + "…"
