"""From the text of a use case's file to plain data.

YAML takes `positive: Yes` for true and `name: 20240301` for a number. Where a text is meant, what stands in the file
counts. It must not know what the keys mean beyond that.
"""

from typing import Any

import yaml

from churn_model.yaml_limits import RefusedYAML, check_yaml

_TEXTS = frozenset(
    {
        "name",
        "title",
        "id",
        "label",
        "column",
        "positive",
        "negative",
        "snapshot",
        "spelling",
        "consent",
        "evidence",
        "salt",
    }
)
_LISTS_OF_TEXTS = frozenset({"missing", "groups", "features"})
_SHOWN = 40


class _WithoutDates(yaml.SafeLoader):
    """Plain data alone. What looks like a date stays a text, as use cases have it, were it the 30th of February."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: FBT001, FBT002 - the library's own signature
        """As the library does, but whatever it raises says where: `0x_` has the form of a number, and is none."""
        try:
            return super().construct_object(node, deep)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            problem = f"{str(node.value)[:_SHOWN]!a} cannot be read as a number"
            raise RefusedYAML(problem=problem, problem_mark=node.start_mark) from error


_WithoutDates.yaml_implicit_resolvers = {
    start: [(tag, form) for tag, form in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for start, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(text: str) -> object:
    """The document, with the file's own words wherever a text is meant.

    Raises:
        yaml.YAMLError: it is not YAML, or not what :func:`~churn_model.yaml_limits.check_yaml` lets through.
    """
    check_yaml(text)
    return _with_texts(yaml.load(text, _WithoutDates), yaml.load(text, yaml.BaseLoader))  # noqa: S506 - it makes texts alone


def _with_texts(value: Any, written: Any, *, text: bool = False) -> Any:
    if isinstance(value, dict) and isinstance(written, dict) and len(value) == len(written):
        # A key is a text in any case; both readings keep the order of the file.
        pairs = zip(value.items(), written.items(), strict=True)
        return {key: _with_texts(part, raw, text=_is_text(key, part)) for (_, part), (key, raw) in pairs}
    if isinstance(value, list) and isinstance(written, list):
        return [
            raw if text and part is None else _with_texts(part, raw, text=text)
            for part, raw in zip(value, written, strict=True)
        ]
    return written if text and value is not None and not isinstance(value, dict | list) else value


def _is_text(key: str, value: Any) -> bool:
    return key in _TEXTS or (key in _LISTS_OF_TEXTS and isinstance(value, list))
