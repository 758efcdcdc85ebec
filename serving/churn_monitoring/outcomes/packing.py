"""Several small whole numbers in one of 62 bits, as SQL: an aggregate that carries one number takes a third of the room
of one that carries three.

It must not know what the numbers mean.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

_LARGEST = 2**62


class Field(NamedTuple):
    """A column by its name, the SQL of its values, and how many there are: 0 to `size` - 1, never NULL."""

    name: str
    expression: str
    size: int


class Word(NamedTuple):
    """Fields that share a number."""

    fields: tuple[Field, ...]

    @property
    def packed(self) -> str:
        """The SQL that makes the number."""
        first, *others = self.fields
        made = f"({first.expression})"
        for field in others:
            made = f"({made} * {field.size} + ({field.expression}))"
        return made

    def unpacked(self, word: str) -> Iterator[tuple[str, str]]:
        """Each field's name and the SQL that finds it in the number of SQL `word`."""
        below = 1
        for field in reversed(self.fields):
            yield field.name, f"({word} // {below} % {field.size})"
            below *= field.size


def words_of(fields: Iterable[Field]) -> list[Word]:
    """Fields dealt to as few numbers as their order allows, in which none exceeds 62 bits."""
    words: list[Word] = []
    room = 0
    for field in fields:
        if field.size > room:
            words.append(Word(()))
            room = _LARGEST
        words[-1] = Word((*words[-1].fields, field))
        room //= field.size
    return words
