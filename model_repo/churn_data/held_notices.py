"""Findings that wait until it is known how many there are, so that a person is told a few lines and where the rest is.

It must not know what was found.
"""

from collections.abc import Mapping

from churn_data.notices import Listener, Notice, Notices, in_brief, unheard


class HeldNotices(Notices):
    """Findings of one reading that are told when they are released; `most` lines in all, None: all of them, at once."""

    def __init__(self, file: str, listener: Listener, most: int | None) -> None:
        """`listener` is told the lines."""
        super().__init__(file, listener if most is None else unheard)
        self._told_to, self._room = listener, most
        self._released: set[Notice] = set()

    def release(self, ranks: Mapping[str, int], where: str) -> None:
        """Tell what waits, in its order where there is room for all.

        Args:
            ranks: of kinds, the lowest first where there is not.
            where: the end of a sentence that says where the others are told.
        """
        waiting = [notice for notice in self if notice not in self._released]
        self._released.update(waiting)
        if self._room is None or not waiting:
            return
        room = max(self._room, 1)
        lines = [notice.line_of(self.file) for notice in waiting]
        if len(lines) > room:
            lines = in_brief(waiting, self.file, room, ranks=ranks, where=where)
        self._room = room - len(lines)
        for line in lines:
            self._told_to(line)
