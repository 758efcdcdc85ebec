"""What a YAML document may be before anything is made of it: so large, so deep, and every key once.

Aliases are counted as what they stand for, for a few hundred bytes of them may stand for gigabytes. It must not know
what the keys mean.
"""

from dataclasses import dataclass, field

import yaml

MAXIMUM_BYTES = 4 << 20
"""Ten thousand features with all that may be said of them take about a quarter of it."""
MAXIMUM_VALUES = 200_000
MAXIMUM_DEPTH = 32


class RefusedYAML(yaml.MarkedYAMLError):
    """It may be YAML, but nothing that is read here; `problem` says why."""


@dataclass
class _Open:
    """A mapping or list whose end has not come, and the values in it so far, itself among them."""

    anchor: str | None
    is_mapping: bool
    values: int = 1
    children: int = 0
    keys: set[str] = field(default_factory=set)


def check_yaml(text: str) -> None:
    """Walk through a document without making anything of it.

    Raises:
        yaml.YAMLError: it is not YAML.
        RefusedYAML: it is too large or too deep, or a key stands twice in a mapping; with the line.
    """
    walk = _Walk()
    for event in yaml.parse(text, yaml.SafeLoader):
        walk.take(event)


class _Walk:
    """Counts, event after event."""

    def __init__(self) -> None:
        self._open: list[_Open] = []
        self._sizes: dict[str | None, int] = {}

    def take(self, event: yaml.Event) -> None:
        """Count what has begun or ended."""
        if isinstance(event, yaml.CollectionStartEvent):
            if len(self._open) == MAXIMUM_DEPTH:
                raise _refused(f"the document is deeper than {MAXIMUM_DEPTH} levels", event)
            self._open.append(_Open(event.anchor, isinstance(event, yaml.MappingStartEvent)))
        elif isinstance(event, yaml.CollectionEndEvent):
            ended = self._open.pop()
            self._add(ended.values, ended.anchor, event)
        elif isinstance(event, yaml.ScalarEvent):
            self._require_new_key(event)
            self._add(1, event.anchor, event)
        elif isinstance(event, yaml.AliasEvent):
            if any(each.anchor == event.anchor for each in self._open):
                raise _refused(f"the alias *{event.anchor or '':.40} stands within what it stands for", event)
            self._add(self._sizes.get(event.anchor, 1), None, event)

    def _add(self, values: int, anchor: str | None, event: yaml.Event) -> None:
        if anchor is not None:
            self._sizes[anchor] = values
        if self._open:
            self._open[-1].values += values
            self._open[-1].children += 1
            if sum(each.values for each in self._open) > MAXIMUM_VALUES:
                raise _refused(f"the document holds more than {MAXIMUM_VALUES} values", event)

    def _require_new_key(self, event: yaml.ScalarEvent) -> None:
        around = self._open[-1] if self._open else None
        if around is not None and around.is_mapping and around.children % 2 == 0:
            if event.value in around.keys:
                raise _refused(f"the key {event.value[:40]!r} stands twice in a mapping", event)
            around.keys.add(event.value)


def _refused(problem: str, event: yaml.Event) -> RefusedYAML:
    mark = event.start_mark
    return RefusedYAML(problem=problem, problem_mark=mark if isinstance(mark, yaml.Mark) else None)
