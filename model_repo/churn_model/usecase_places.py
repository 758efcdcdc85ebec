"""Where in a use case's file a key stands, for whoever is told what is wrong with it.

What is wrong is known after reading, when lines are gone; so the text is read once more, and only then. It must not
know what the keys mean.
"""

import re
from collections.abc import Iterator

import yaml

_QUOTED = re.compile(r"`([^`]+)`")
_LAST_STEP = re.compile(r"(\.[^.\[\]]*|\[[^\[\]]*\]|^[^.\[\]]+)$")


def with_line(problem: str, text: str) -> str:
    """The problem, after the line of the key that it names first.

    Args:
        problem: has paths in backquotes, such as `actions[0].effect`; where the second is a key of the first, that is
            the place.
        text: of the file; it has been read before.
    """
    paths = _QUOTED.findall(problem)
    lines = dict(_lines(yaml.compose(text, yaml.SafeLoader)))
    line = next((lines[path] for path in _places(paths) if path in lines), None)
    return problem if line is None else f"line {line}: {problem}"


def _places(paths: list[str]) -> Iterator[str]:
    """What may be in the file, the most exact first."""
    if len(paths) > 1:
        yield f"{paths[0]}.{paths[1]}"
    place = paths[0] if paths else ""
    while place:
        yield place
        place = _LAST_STEP.sub("", place, count=1) if _LAST_STEP.search(place) else ""


def _lines(node: yaml.Node | None, path: str = "") -> Iterator[tuple[str, int]]:
    """The path of every key and element with its line, counted from 1."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = f"{path}.{key.value}" if path else str(key.value)
            yield inner, key.start_mark.line + 1
            yield from _lines(value, inner)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield f"{path}[{index}]", value.start_mark.line + 1
            yield from _lines(value, f"{path}[{index}]")
