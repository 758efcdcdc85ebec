"""Whether an environment can be rendered at all: its files against the chart's schema, before a commit changes one.

The schema is that of the chart in the same commit, and what is checked is what helm would check: the chart's values
with the environment's laid over them. It must not know git or what a model is.
"""

import json
import re
from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import UnknownType, ValidationError, best_match
from referencing.exceptions import Unresolvable

from churn_delivery.errors import EnvironmentProblem
from churn_delivery.layout import FILES, MODEL, PARTS, ROLLOUT, Layout, Read
from churn_delivery.yaml_files import Path, YamlFile, read_yaml

_GLIMPSE = 60
_OWN: Mapping[str, tuple[Path, ...]] = {
    "version.yaml": (
        ("image", "tag"),
        *((name, "image", part) for name in (*PARTS, "objectStorage") for part in ("tag", "digest")),
        ("fallback", "model"),
    ),
    MODEL: (("primary", "model"), ("gateway", "lastKnownModel")),
    ROLLOUT: (("canary",), ("gateway", "canaryPercent"), ("gateway", "canaryShadowPercent")),
}
"""What these files may hold, and they alone: promotion replaces one of them whole."""


def check_environment(
    layout: Layout, environment: str, read: Read, replaced: Mapping[str, bytes] = MappingProxyType({})
) -> None:
    """Check all files of an environment together, those that are `replaced` by their new text.

    Raises:
        EnvironmentProblem: a file is missing, ends with .yml or is not YAML, a key is not known, is of another type,
            stands in two files or in one that is not its own.
    """
    files = [_file(layout.path(environment, name), name, read, replaced) for name in FILES]
    _require_own_keys(dict(zip(FILES, files, strict=True)))
    schema = _chart_file(layout, "values.schema.json", read)
    merged = read_yaml(f"{layout.chart}/values.yaml", _chart_file(layout, "values.yaml", read)).values
    for file in files:
        merged = _laid_over(merged, file.values)
    problem = _problem_of(merged, f"{layout.chart}/values.schema.json", schema)
    if problem is not None:
        raise _of(problem, files)


def _problem_of(values: dict[str, Any], name: str, schema: bytes) -> ValidationError | None:
    """The schema's objection; that it is none itself is found out only by using it, since looking takes as long."""
    try:
        found: ValidationError | None = best_match(Draft7Validator(json.loads(schema)).iter_errors(values))
    except (UnknownType, Unresolvable, re.error, ValueError, TypeError, AttributeError, RecursionError) as error:
        reason = " ".join(str(error).split())[:_GLIMPSE]
        raise EnvironmentProblem(name, f"is no schema that values could be checked by ({reason})") from None
    return found


def _file(path: str, name: str, read: Read, replaced: Mapping[str, bytes]) -> YamlFile:
    text = replaced[name] if name in replaced else read(path)
    twin = path.removesuffix(".yaml") + ".yml"
    if read(twin) is not None:
        raise EnvironmentProblem(twin, f"is read by nobody; {path} is what counts: move what it says there")
    if text is None:
        raise EnvironmentProblem(path, "is not there; an environment without a difference has an empty file")
    return read_yaml(path, text)


def _chart_file(layout: Layout, name: str, read: Read) -> bytes:
    text = read(f"{layout.chart}/{name}")
    if text is None:
        raise EnvironmentProblem(f"{layout.chart}/{name}", "is not in the repository, so that no value can be checked")
    return text


def _require_own_keys(files: Mapping[str, YamlFile]) -> None:
    seen: dict[Path, str] = {}
    for name, file in files.items():
        for path in file.leaves():
            owners = [owner for owner, places in _OWN.items() if any(_within(path, place) for place in places)]
            if (name in _OWN or owners) and name not in owners:
                where = (
                    f"belongs into {owners[0]}" if owners else "belongs into settings.yaml, env.yaml or capacity.yaml"
                )
                raise EnvironmentProblem(file.name, where, line=file.line_of(path), key=".".join(path))
            if path in seen:
                raise EnvironmentProblem(
                    file.name, f"stands in {seen[path]} as well", line=file.line_of(path), key=".".join(path)
                )
            seen[path] = name


def _within(path: Path, place: Path) -> bool:
    return path[: len(place)] == place


def _laid_over(below: Any, above: Any) -> Any:
    """As helm does: mappings are merged, null takes a key away, everything else replaces."""
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    merged = {**below, **{key: _laid_over(below.get(key), value) for key, value in above.items()}}
    return {key: value for key, value in merged.items() if not (key in above and above[key] is None and key in below)}


def _of(problem: ValidationError, files: list[YamlFile]) -> EnvironmentProblem:
    """The schema's objection, said of the file that brought the value in."""
    path = tuple(str(part) for part in problem.absolute_path)
    words = problem.message if len(problem.message) <= _GLIMPSE * 3 else f"{problem.message[: _GLIMPSE * 3]}…"
    schema = problem.schema if isinstance(problem.schema, dict) else {}
    if problem.validator == "additionalProperties" and isinstance(problem.instance, dict):
        known = schema.get("properties", {})
        unknown = next((key for key in problem.instance if key not in known), "")
        near = get_close_matches(unknown, known, 1)
        path, words = (*path, unknown), f"is not a value of the chart{f'; did you mean {near[0]}?' if near else ''}"
    elif problem.validator == "pattern":
        words = f"{str(problem.instance)[:_GLIMPSE]!r} is not {schema.get('description', 'of the right form')}"
    file = max(reversed(files), key=lambda each: _shared(each, path))  # of two that say it the last one counts
    return EnvironmentProblem(file.name, words, line=file.line_of(path), key=".".join(path))


def _shared(file: YamlFile, path: Path) -> int:
    """How much of a path a file has."""
    while path and path not in file.lines:
        path = path[:-1]
    return len(path)
