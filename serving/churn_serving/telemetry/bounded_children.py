"""Children of a metric that are looked up once, with one label whose values are bounded in number.

Models come and go as long as a process lives, and every value of a label is a series for ever. So the series of a model
go when so many others have come after it; should it come back, it counts from zero, which rates understand. It must not
know what is counted.
"""

from collections.abc import Callable
from typing import TypeVar

Child = TypeVar("Child")
Values = tuple[str, ...]


class BoundedChildren(dict[Values, Child]):
    """Maps label values to children, made by ``make`` when they are first asked for; at most ``maximum`` different
    values of the label at ``position`` have children, beside the empty one, and ``drop`` is told the values of those
    that go."""

    def __init__(
        self, make: Callable[[Values], Child], drop: Callable[[Values], None], position: int, maximum: int
    ) -> None:
        super().__init__()
        self._make = make
        self._drop = drop
        self._position = position
        self._maximum = maximum
        self._seen: dict[str, None] = {}
        self.forgotten: Callable[[], None] = _nothing
        """Told whenever children have gone, so that nobody goes on adding to them."""

    def __missing__(self, values: Values) -> Child:
        """A child that was not asked for before."""
        value = values[self._position]
        if value and value not in self._seen:
            if len(self._seen) >= self._maximum:
                self._forget(next(iter(self._seen)))
            self._seen[value] = None
        child = self[values] = self._make(values)
        return child

    def _forget(self, value: str) -> None:
        del self._seen[value]
        for values in [values for values in self if values[self._position] == value]:
            del self[values]
            self._drop(values)
        self.forgotten()


def _nothing() -> None:
    """Nobody holds on to children."""
