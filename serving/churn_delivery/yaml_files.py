"""YAML as people write it into environments, read strictly: one mapping, no key twice, every key with its line.

A key that stands twice is the typo that YAML hides: the last one wins without a word. References within a file count as
what they stand for, so that a few lines cannot stand for millions. It must not know what keys mean.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

from churn_delivery.errors import EnvironmentProblem

Path = tuple[str, ...]

_DEEPEST, _MOST = 40, 20_000
"""Mappings and lists within each other, and all that a file holds; the chart's own values are 6 deep, and 1,200."""


@dataclass(frozen=True)
class YamlFile:
    """`values` as plain data; `lines`: of every key the line it stands in, counted from 1."""

    name: str
    values: dict[str, Any]
    lines: dict[Path, int]

    def line_of(self, path: Path) -> int | None:
        """The line of a key or of the nearest mapping around it; None where the file has nothing of it."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path[:-1]
        return None

    def leaves(self) -> Iterator[Path]:
        """The paths of everything that is not a mapping, and of empty mappings."""
        holding = {path[:-1] for path in self.lines}
        return (path for path in self.lines if path not in holding)


def read_yaml(name: str, text: bytes) -> YamlFile:
    """Read one file; an empty one is an empty mapping.

    Raises:
        EnvironmentProblem: not UTF-8, not YAML, not a mapping, a key twice or one that is no text, or far more than
            anybody would write.
    """
    lines: dict[Path, int] = {}
    try:
        node = yaml.compose(text.decode("utf-8"), yaml.SafeLoader)
        if node is None:
            return YamlFile(name, {}, lines)
        if not isinstance(node, yaml.MappingNode):
            raise EnvironmentProblem(name, "must be a mapping of keys", line=node.start_mark.line + 1)
        _require_moderate(name, node)
        _walk(name, node, (), lines)
        values = SafeConstructor().construct_document(node)
    except UnicodeDecodeError:
        raise EnvironmentProblem(name, "is not UTF-8 text") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise EnvironmentProblem(name, f"is not YAML ({error.problem})", line=line) from None
    except (yaml.YAMLError, ValueError) as error:
        raise EnvironmentProblem(name, f"is not YAML ({type(error).__name__})") from None
    except RecursionError:
        raise EnvironmentProblem(name, f"is nested more than {_DEEPEST} deep") from None
    return YamlFile(name, values, lines)


def _require_moderate(name: str, node: yaml.Node) -> None:
    waiting, found = [(node, 1)], 0
    while waiting:
        each, depth = waiting.pop()
        found += 1
        line = each.start_mark.line + 1
        if depth > _DEEPEST:
            raise EnvironmentProblem(name, f"is nested more than {_DEEPEST} deep", line=line)
        if found > _MOST:
            raise EnvironmentProblem(name, f"holds more than {_MOST} keys and values, references counted", line=line)
        if isinstance(each, yaml.MappingNode):
            waiting += [(part, depth + 1) for pair in each.value for part in pair]
        elif each.tag == "tag:yaml.org,2002:float" and each.value.lower().lstrip("+-") in (".nan", ".inf"):
            raise EnvironmentProblem(name, f"{each.value} is no number that could be used", line=line)
        elif isinstance(each, yaml.SequenceNode):
            waiting += [(part, depth + 1) for part in each.value]


def _walk(name: str, node: yaml.MappingNode, above: Path, lines: dict[Path, int]) -> None:
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
            raise EnvironmentProblem(name, "a key must be plain text", line=line)
        path = (*above, key.value)
        if path in lines:
            raise EnvironmentProblem(name, f"stands in line {lines[path]} already", line=line, key=".".join(path))
        lines[path] = line
        if isinstance(value, yaml.MappingNode):
            _walk(name, value, path, lines)
