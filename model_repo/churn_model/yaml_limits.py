"""What a YAML document may be before anything is made of it: so large, so deep, every key once, no tags, and numbers
that are read in no time.

Aliases are counted as what they stand for, for a few hundred bytes of them may stand for gigabytes. It must not know
what the keys mean.
"""

from dataclasses import dataclass, field

import yaml

MAXIMUM_BYTES = 4 << 20
"""Ten thousand features with all that may be said of them take about a quarter of it."""
MAXIMUM_VALUES = 200_000
MAXIMUM_DEPTH = 32
MAXIMUM_NUMBER = 100
"""Characters of a number: reading one takes the square of its length. 15 digits are told from the next ones."""
_STANDARD = "tag:yaml.org,2002:"
_NUMBERS = frozenset({f"{_STANDARD}int", f"{_STANDARD}float"})
_SHOWN = 40


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
        RefusedYAML: it is too large or too deep, a key stands twice in a mapping, a number is too long, a tag says what
            a value is to be, or there is a character that is none; with the line.
    """
    walk = _Walk()
    loader = _loader(text)
    try:
        while loader.check_event():
            event: yaml.Event = loader.get_event()  # type: ignore[no-untyped-call]
            walk.take(event)
    except (ValueError, OverflowError) as error:  # by `chr`
        problem = "an escape stands for no character of Unicode"
        raise RefusedYAML(problem=problem, problem_mark=loader.get_mark()) from error
    finally:
        loader.dispose()


def _loader(text: str) -> yaml.SafeLoader:
    try:
        return yaml.SafeLoader(text)
    except yaml.reader.ReaderError as error:
        mark = yaml.Mark("", error.position, text.count("\n", 0, error.position), 0, text, error.position)
        raise RefusedYAML(problem="holds a character that YAML does not have", problem_mark=mark) from error


class _Walk:
    """Counts, event after event."""

    def __init__(self) -> None:
        self._open: list[_Open] = []
        self._sizes: dict[str | None, int] = {}
        self._texts: dict[str | None, str] = {}

    def take(self, event: yaml.Event) -> None:
        """Count what has begun or ended."""
        tag: str | None = getattr(event, "tag", None)
        if tag is not None:
            raise _refused(f"the tag {_written(tag)} is not read here; a text goes in quotes", event)
        if isinstance(event, yaml.CollectionStartEvent):
            if len(self._open) == MAXIMUM_DEPTH:
                raise _refused(f"the document is deeper than {MAXIMUM_DEPTH} levels", event)
            self._open.append(_Open(event.anchor, isinstance(event, yaml.MappingStartEvent)))
        elif isinstance(event, yaml.CollectionEndEvent):
            ended = self._open.pop()
            self._add(ended.values, ended.anchor, event)
        elif isinstance(event, yaml.ScalarEvent):
            _require_short_number(event)
            self._require_new_key(event.value, event)
            self._add(1, event.anchor, event)
            if event.anchor is not None:
                self._texts[event.anchor] = event.value
        elif isinstance(event, yaml.AliasEvent):
            if any(each.anchor == event.anchor for each in self._open):
                raise _refused(f"the alias *{event.anchor or '':.40} stands within what it stands for", event)
            if event.anchor in self._texts:
                self._require_new_key(self._texts[event.anchor], event)
            self._add(self._sizes.get(event.anchor, 1), None, event)

    def _add(self, values: int, anchor: str | None, event: yaml.Event) -> None:
        if anchor is not None:
            self._sizes[anchor] = values
        if self._open:
            self._open[-1].values += values
            self._open[-1].children += 1
            if sum(each.values for each in self._open) > MAXIMUM_VALUES:
                raise _refused(f"the document holds more than {MAXIMUM_VALUES} values", event)

    def _require_new_key(self, text: str, event: yaml.Event) -> None:
        around = self._open[-1] if self._open else None
        if around is not None and around.is_mapping and around.children % 2 == 0:
            if text in around.keys:
                raise _refused(f"the key {text[:_SHOWN]!a} stands twice in a mapping", event)
            around.keys.add(text)


def _require_short_number(event: yaml.ScalarEvent) -> None:
    if len(event.value) > MAXIMUM_NUMBER and event.implicit[0]:
        forms = yaml.SafeLoader.yaml_implicit_resolvers.get(event.value[0], [])
        if any(tag in _NUMBERS and form.match(event.value) for tag, form in forms):
            problem = f"a number is longer than {MAXIMUM_NUMBER} characters; a text of digits goes in quotes"
            raise _refused(problem, event)


def _written(tag: str) -> str:
    """As most files write it."""
    if tag.startswith(_STANDARD):
        tag = f"!!{tag.removeprefix(_STANDARD)}"
    elif not tag.startswith("!"):
        tag = f"!<{tag}>"
    return ascii(tag[:_SHOWN])[1:-1]


def _refused(problem: str, event: yaml.Event) -> RefusedYAML:
    mark = event.start_mark
    return RefusedYAML(problem=problem, problem_mark=mark if isinstance(mark, yaml.Mark) else None)
