"""From msgspec's faults to words for who wrote a document: where, what is wrong, and which word may have been meant.

It must not know what the keys mean, nor how the document was read.
"""

import re
import types
import typing
from collections.abc import Iterator
from typing import Any

import msgspec

from churn_model.alike import listed, nearest

_STEP = re.compile(r"\.?([^.\[\]]+)|\[(?:\.\.\.|\d+)\]")
_PLACE = re.compile(r" - at `\$(.*)`$", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`$", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`$")
_NO_SUCH_WORD = re.compile(r"Invalid enum value '(.*)'$", re.DOTALL)
_ANOTHER_KIND = re.compile(r"Expected `([^`]*)`, got `([^`]*)`$")
_KINDS = {
    "object": "a mapping of keys", "array": "a list", "str": "a text", "int": "a whole number", "float": "a number",
    "bool": "true or false", "null": "nothing",
}  # fmt: skip
_SHOWN = 40


def in_words(error: msgspec.ValidationError, kind: type, inside: str = "") -> str:
    """What does not fit and, where only some words may stand there, which, the nearest of them above all.

    Args:
        error: as msgspec raised it.
        kind: the struct that was read.
        inside: path of the place where it stands, where that is not the whole document.
    """
    message = str(error)
    place = _PLACE.search(message)
    inner = place[1].removeprefix(".") if place else ""
    path = f"{inside}{'.' if inside and inner and inner[0] != '[' else ''}{inner}"
    problem = _PLACE.sub("", message)
    if found := _UNKNOWN.match(problem):
        return _no_such_key(found[1], path, _keys(_reached(kind, inner)))
    named = f"`{path}`: " if path else ""
    if found := _MISSING.match(problem):
        return f"{named}the key `{found[1]}` is missing"
    if found := _NO_SUCH_WORD.match(problem):
        return f"{named}{_no_such_word(found[1], _words(_reached(kind, inner)))}"
    if found := _ANOTHER_KIND.match(problem):
        return f"{named}{_in_plain_words(found[1])} was expected, not {_in_plain_words(found[2])}"
    return f"{named}{problem}"


def _no_such_key(key: str, path: str, keys: list[str]) -> str:
    near = nearest(key, keys)
    hint = f"did you mean `{near}`?" if near else f"there are {listed(keys)}"
    return f"`{path}{'.' if path else ''}{key[:_SHOWN]}`: there is no such key; {hint}"


def _no_such_word(word: str, words: list[str]) -> str:
    near = nearest(word, words)
    hint = f"; did you mean {near}?" if near else ""
    return f"{word[:_SHOWN]!a} is none of {listed(words)}{hint}"


def _in_plain_words(kinds: str) -> str:
    return " or ".join(_KINDS.get(kind, kind) for kind in kinds.split(" | "))


def _keys(kind: Any) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(_struct(kind))]


def _words(kind: Any) -> list[str]:
    literals = (typing.get_args(part) for part in _parts(kind) if typing.get_origin(part) is typing.Literal)
    return [str(word) for words in literals for word in words]


def _reached(kind: Any, path: str) -> Any:
    """The type that stands at a path into a struct."""
    for key in (found[1] for found in _STEP.finditer(path)):
        if key is not None:
            kind = {field.encode_name: field.type for field in msgspec.structs.fields(_struct(kind))}[key]
        else:
            kind = next(_element(part) for part in _parts(kind) if typing.get_origin(part) in (tuple, list, dict))
    return kind


def _element(kind: Any) -> Any:
    """Of a list's elements, or of a mapping's values: msgspec calls them alike."""
    return typing.get_args(kind)[-1 if typing.get_origin(kind) is dict else 0]


def _struct(kind: Any) -> type[msgspec.Struct]:
    return next(part for part in _parts(kind) if isinstance(part, type) and issubclass(part, msgspec.Struct))


def _parts(kind: Any) -> Iterator[Any]:
    """The alternatives of a union, or the type itself."""
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        yield from typing.get_args(kind)
    else:
        yield kind
