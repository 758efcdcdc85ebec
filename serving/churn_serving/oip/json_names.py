"""Names in the objects of a JSON document, each of which may come once.

RFC 8259 leaves open what a name means that comes twice: one reader takes the first, another the last, and what the one
let pass the other answers. The compiled decoders take the last and tell nobody. So a body is taken as they read it only
if it has no more names than were read, which counting its colons proves for nearly all; any other is read once more, by
a reader that sees every name. It knows neither requests nor schemas.
"""

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from churn_serving.oip.faults import MAX_PROBLEMS, MAX_SHOWN, Problem, shown

TWICE = "given more than once"
_BEHIND_A_NAME = re.compile(rb'"[ \t\r\n]*:')


class _Doubled(dict[str, Any]):
    """An object of which some names came more than once; the last value stands."""

    names: tuple[str, ...] = ()


class Document(NamedTuple):
    """What a JSON text holds, and the names that are doubled in it, with their places."""

    content: Any
    doubled: tuple[Problem, ...] = ()


def names_come_once(body: bytes, read: int) -> bool:
    """Whether a sound JSON text certainly has no more names than the ``read`` different ones that were found in it.

    A name ends with a quote and a colon, blanks between them. So there are as many colons as names at least, and where
    texts hold colons too, as many such endings."""
    return body.count(b":") == read or len(_BEHIND_A_NAME.findall(body)) == read


def read_document(text: str) -> Document:
    """Read a JSON text and say which names come more than once, the first :data:`MAX_PROBLEMS` of them.

    Raises:
        ValueError: as ``json.loads``.
        RecursionError: it is nested too deeply.
    """
    found = False

    def object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal found
        members = dict(pairs)
        if len(members) == len(pairs):
            return members
        found = True
        doubled = _Doubled(members)
        doubled.names = tuple(_twice(pairs))
        return doubled

    content = json.loads(text, object_pairs_hook=object_of)
    return Document(content, tuple(islice(_problems(content), MAX_PROBLEMS)) if found else ())


def named(key: str) -> str:
    """A caller's own name as it was written, if it can be shown as it is."""
    return key if key.isprintable() and key.isascii() and 0 < len(key) <= MAX_SHOWN else shown(key)


def _twice(pairs: list[tuple[str, Any]]) -> Iterator[str]:
    seen: dict[str, int] = {}
    for name, _ in pairs:
        seen[name] = seen.get(name, 0) + 1
        if seen[name] == 2:  # noqa: PLR2004 - the second time, and no other
            yield name


def _problems(content: Any) -> Iterator[Problem]:
    """From the outside in; without recursion, since a document may be nested as deeply as it can be read."""
    waiting: list[tuple[str, Any]] = [("", content)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, _Doubled):
            yield from (Problem(_inside(place, name), TWICE) for name in value.names)
        if isinstance(value, dict):
            waiting += [(_inside(place, name), inner) for name, inner in reversed(value.items()) if _holds(inner)]
        elif isinstance(value, list):
            waiting += [(f"{place}[{at}]", inner) for at, inner in reversed([*enumerate(value)]) if _holds(inner)]


def _holds(value: Any) -> bool:
    return isinstance(value, dict | list)


def _inside(place: str, name: str) -> str:
    return f"{place}.{named(name)}" if place else named(name)
