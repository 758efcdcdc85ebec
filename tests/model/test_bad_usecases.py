"""A use case that cannot be used is refused with one line that names file and key, in little time and memory."""

import os
import re
import typing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from churn_model.errors import UseCaseError
from churn_model.usecase import UseCase, load_usecase, parse_usecase, shipped_usecases

BASE = "name: x\nid: id\nlabel: {column: Churn, positive: 'Yes'}\n"
SOUND: dict[str, Any] = {"name": "x", "id": "id", "label": {"column": "Churn", "positive": "Yes"}}
ACTION = {"id": "call", "name": "Call", "cost": 5.0, "effect": 0.1}
NEEDED: dict[str, dict[str, Any]] = {
    "label": SOUND["label"],
    "value": {"column": "spend"},
    "refresh": {"after_days": 30.0, "margin": 0.1},
}
LISTS: dict[str, dict[str, Any]] = {"actions": ACTION, "features": {"name": "spend", "type": "number"}}
HOSTILE = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf"), "1e308": 1e308}


def _bomb(levels: int) -> str:
    lines = ["simulation:", f"  a0: &a0 [{','.join(['x'] * 10)}]"]
    lines += [f"  a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


REFUSED = {
    "aliases that grow tenfold a level": (_bomb(9), r"line \d+: the document holds more than"),
    "an alias within itself": ("simulation: &a {b: *a}\n", r"line 4: the alias \*a stands within"),
    "a key twice": ("actions: [{id: a, cost: 5,\n  cost: 500}]\n", "line 5: the key 'cost' stands twice"),
    "a quoted key twice": ("title: a\n'title': b\n", "line 5: the key 'title' stands twice"),
    "thousands of levels": (f"simulation: {{a: {'[' * 3000}{']' * 3000}}}\n", "line 4: the document is deeper than 32"),
    "a key twice by an alias": ("&k title: a\n*k : b\n", "line 5: the key 'title' stands twice"),
    "a number of 5,000 digits": (f"simulation: {{a: {'9' * 5000}}}\n", "line 4: a number is longer than 100"),
    "a long number to the base of 16": (f"simulation: {{a: 0x{'f' * 400_000}}}\n", "line 4: a number is longer than"),
    "a long number to the base of 2": (f"simulation:\n  a: 0b{'1' * 4_000_000}\n", "line 5: a number is longer than"),
    "a long number to the base of 60": (f"simulation: {{a: 1{':59' * 300_000}}}\n", "line 4: a number is longer than"),
    "a broken number to the base of 60": (f"simulation: {{a: 1{':59' * 400}.5}}\n", "line 4: a number is longer than"),
    "a number without digits": ("simulation: {a: 0x_}\n", "line 4: '0x_' cannot be read as a number"),
    "no whole number by its tag": ("title: !!int ''\n", "line 4: the tag !!int is not read here"),
    "no truth by its tag": ("title: !!bool abc\n", "line 4: the tag !!bool is not read here"),
    "no number by its tag": ("title: !!float abc\n", "line 4: the tag !!float is not read here"),
    "a call by its tag": ("title: !!python/object/apply:os.system [id]\n", "line 4: the tag !!python/object/apply:"),
    "a mapping by its tag": ("simulation: !!set {a, b}\n", "line 4: the tag !!set is not read here"),
    "a tag with a line break": ("title: !<a%0Ab> c\n", r"line 4: the tag !<a\\nb> is not read here"),
    "a character past the last": ('title: "\\U00110000"\n', "line 4: an escape stands for no character of Unicode"),
    "a character far past the last": ('title: "\\Uffffffff"\n', "line 4: an escape stands for no character of"),
    "a raw zero": ("title: a\0b\n", "line 4: holds a character that YAML does not have"),
    "a day that is none": ("time: {column: tenure, snapshot: 2024-02-30}\n", "`time.snapshot` '2024-02-30' is not"),
    "more bytes than any": (f"title: {'x' * (4 << 20)}\n", "is larger than 4 MiB"),
    "a date for a number": ("segments: {count: 2024-01-01}\n", "`segments.count`"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_file_is_one_line(tmp_path: Path, name: str) -> None:
    written, expected = REFUSED[name]
    path = tmp_path / "x.yaml"
    path.write_text(BASE + written, encoding="utf-8")
    with pytest.raises(UseCaseError, match=expected) as refused:
        load_usecase(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert "\n" not in str(refused.value)


PLACES = {
    "title": 'title: "{}"',
    "label of a feature": 'features: [{{name: a, type: number, label: "{}"}}]',
    "name of an action": 'actions: [{{id: a, name: "{}", cost: 1, effect: 0.1}}]',
    "id of an action": 'actions: [{{id: "{}", name: a, cost: 1, effect: 0.1}}]',
    "evidence": 'actions: [{{id: a, name: a, cost: 1, effect: 0.1, evidence: "{}"}}]',
    "action of the profit": 'profit: {{action: "{}"}}',
    "salt": 'holdout: {{salt: "{}"}}',
}
OF_DATA = {
    "label": 'value: {{column: "{}"}}',
    "missing": 'missing: ["{}"]',
    "groups": 'groups: ["{}"]',
    "simulation": 'simulation: {{a: ["{}"]}}',
    "key of the simulation": 'simulation: {{"{}": 1}}',
}
NOT_TEXT = {"half of a pair": r"a\ud800b", "zero": r"a\0b"}
NOT_SHOWN = {
    "escape": r"a\x1b[31mb",
    "delete": r"a\x7fb",
    "upper control": r"a\x9bb",
    "override": r"\u202eb",
    "isolate": r"\u2066b",
}


def refusal(folder: Path, line: str) -> str:
    """Why a use case with one more line is refused, in characters that can be seen."""
    path = folder / "x.yaml"
    path.write_text(f"{BASE}{line}\n", encoding="utf-8")
    with pytest.raises(UseCaseError) as refused:
        load_usecase(path)
    assert str(refused.value).isprintable()
    return str(refused.value).removeprefix(f"{path}: ")


@pytest.mark.parametrize("text", NOT_TEXT | NOT_SHOWN)
@pytest.mark.parametrize("place", PLACES)
def test_no_text_deceives_who_reads_it(tmp_path: Path, place: str, text: str) -> None:
    assert re.match(r"line 4: `[\w.\[\]]+` ", refusal(tmp_path, PLACES[place].format((NOT_TEXT | NOT_SHOWN)[text])))


@pytest.mark.parametrize("text", NOT_TEXT)
@pytest.mark.parametrize("place", OF_DATA)
def test_what_names_data_is_text_at_least(tmp_path: Path, place: str, text: str) -> None:
    assert refusal(tmp_path, OF_DATA[place].format(NOT_TEXT[text])).startswith("line 4: `")


def test_a_key_that_cannot_be_read_is_shown_as_it_is_written() -> None:
    with pytest.raises(UseCaseError, match=r"^x\.yaml: `simulation\.a\\x1b` ") as refused:
        parse_usecase({**SOUND, "simulation": {"a\x1b": "\0"}}, "x.yaml")
    assert str(refused.value).isprintable()
    for letter in ("k", "\x1b"):
        with pytest.raises(UseCaseError) as refused:
            parse_usecase({**SOUND, "simulation": {letter * 500: "\0"}}, "x.yaml")
        shown = str(refused.value).split("`")[1]
        assert len(shown) == len("simulation.") + (200 - len("simulation.")) * len(ascii(letter)[1:-1])


def test_a_number_that_cannot_be_read_is_shown_cut(tmp_path: Path) -> None:
    assert refusal(tmp_path, f"simulation: {{a: 0x{'_' * 60}}}") == f"line 4: '0x{'_' * 38}' cannot be read as a number"


def test_what_names_data_may_be_as_odd_as_the_data(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(
        f'{BASE}title: |\n  two\n  lines\nmissing: ["\\x1a"]\nfeatures: [{{name: "\\u202bא\\n", type: category}}]\n',
        encoding="utf-8",
    )
    usecase = load_usecase(path)
    assert (usecase.title, usecase.missing, usecase.features[0].name) == ("two\nlines\n", ("\x1a",), "\u202bא\n")


def test_aliases_in_measure_are_filled_in(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(f"{BASE}simulation: {{a: &a [x, y], b: *a, c: [*a, *a]}}\n", encoding="utf-8")
    assert load_usecase(path).simulation == {"a": ["x", "y"], "b": ["x", "y"], "c": [["x", "y"], ["x", "y"]]}


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.yaml"
    (os.mkfifo if kind == "pipe" else os.mkdir)(path)
    with pytest.raises(UseCaseError, match=rf"^{re.escape(str(path))}: is not a file$"):
        load_usecase(path)


@pytest.mark.parametrize(
    "name", ["a" * 300, "a\nb", "../usecases/telecom", "a\x00b"], ids=["long", "two lines", "a way out", "zero"]
)
def test_a_name_of_no_shipped_use_case_is_one_short_line(name: str) -> None:
    with pytest.raises(UseCaseError, match="no such use case; give a YAML file or one of") as refused:
        load_usecase(name)
    assert len(str(refused.value)) < 250
    assert str(refused.value).isprintable()


def test_a_name_is_shown_whole_up_to_a_length() -> None:
    for length, shown in ((100, "a" * 100), (101, "a" * 100 + "…")):
        with pytest.raises(UseCaseError, match=f"^{shown}: no such use case"):
            load_usecase("a" * length)


def _numeric(kind: Any, path: tuple[str, ...] = ()) -> typing.Iterator[tuple[str, ...]]:
    """Paths to every number that the schema of use cases knows; `[]` for an element of a list."""
    for part in typing.get_args(kind) or (kind,):
        if isinstance(part, type) and issubclass(part, msgspec.Struct):
            for field in msgspec.structs.fields(part):
                yield from _numeric(field.type, (*path, field.encode_name))
        elif part in (int, float):
            yield (*path, "[]") if typing.get_origin(kind) is tuple else path
        elif typing.get_origin(part) is tuple:
            yield from _numeric(part, path)


PATHS = sorted({".".join(path) for path in _numeric(UseCase)})


def _document(path: str, number: float) -> dict[str, Any]:
    first, *rest = path.split(".")
    value: Any = number
    if rest and rest[-1] == "[]":
        value, rest = [0.5, number], rest[:-1]
    part = {**LISTS.get(first, NEEDED.get(first, {})), rest[-1]: value}
    return {**SOUND, first: [part] if first in LISTS else part}


def test_the_schema_has_the_numbers_that_are_tried() -> None:
    known = {"profit.customer_value", "actions.cost", "actions.effect_interval.[]", "features.maximum", "label.window"}
    assert known | {"value.retention.[]", "refresh.after_days", "segments.count", "time.months"} <= set(PATHS)


@pytest.mark.parametrize("number", HOSTILE)
@pytest.mark.parametrize("path", PATHS)
def test_no_number_is_beyond_counting(path: str, number: str) -> None:
    key = path.rsplit(".", maxsplit=1)[-1].replace("[]", r"\[1\]")
    with pytest.raises(UseCaseError, match=rf"^x\.yaml: `[^`]*{key}` a number from -1e\+15 to 1e\+15 was expected$"):
        parse_usecase(_document(path, HOSTILE[number]), "x.yaml")


def test_numbers_of_the_simulation_are_looked_at_too() -> None:
    with pytest.raises(UseCaseError, match=r"`simulation\.intercept` a number"):
        parse_usecase({**SOUND, "simulation": {"intercept": float("nan")}}, "x.yaml")


@pytest.mark.parametrize("name", shipped_usecases())
def test_what_is_shipped_is_within_every_bound(name: str) -> None:
    assert load_usecase(name).name == name
