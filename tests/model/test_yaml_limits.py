"""A YAML document is read up to each of its limits and refused one step beyond, however its size is written."""

import pytest

from churn_model.yaml_limits import MAXIMUM_DEPTH, MAXIMUM_NUMBER, MAXIMUM_VALUES, RefusedYAML, check_yaml


def listed(values: int) -> str:
    """A document of so many values, the list itself among them."""
    return "[" + ",".join(["x"] * (values - 1)) + "]"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (listed(12), 12),
        ("[[x, x], [x, x], {a: b}]", 10),
        ("{a: {b: c}, d: [x]}", 8),
        ("[&a x, *a, *a]", 4),
        ("[&a [x, x], *a, *a]", 10),
        ("{a: &a {b: c}, d: *a}", 9),
        ("[&a [x], &b [*a, *a], *b, *b]", 18),
    ],
)
def test_values_are_counted_aliases_as_what_they_stand_for(
    text: str, values: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("churn_model.yaml_limits.MAXIMUM_VALUES", values)
    check_yaml(text)
    monkeypatch.setattr("churn_model.yaml_limits.MAXIMUM_VALUES", values - 1)
    with pytest.raises(RefusedYAML, match=rf"the document holds more than {values - 1} values"):
        check_yaml(text)


def test_what_has_ended_is_counted_on() -> None:
    """Many small parts are as much as one large one."""
    hundred = f"[{listed(100)}" + f",{listed(100)}" * (MAXIMUM_VALUES // 100 - 1)
    with pytest.raises(RefusedYAML, match=f"more than {MAXIMUM_VALUES} values"):
        check_yaml(f"{hundred}]")


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}")])
def test_so_deep_and_no_deeper(opening: str, closing: str) -> None:
    check_yaml(opening * MAXIMUM_DEPTH + "x" + closing * MAXIMUM_DEPTH)
    check_yaml(f"[{opening * (MAXIMUM_DEPTH - 1)}x{closing * (MAXIMUM_DEPTH - 1)}, {opening}x{closing}]")
    with pytest.raises(RefusedYAML, match=f"deeper than {MAXIMUM_DEPTH} levels"):
        check_yaml(opening * (MAXIMUM_DEPTH + 1) + "x" + closing * (MAXIMUM_DEPTH + 1))


@pytest.mark.parametrize("start", ["9", "-9", "0x9", "9.", "1e9", "9:5", ".9"])
def test_a_number_so_long_and_no_longer(start: str) -> None:
    check_yaml("a: " + start.ljust(MAXIMUM_NUMBER, "5"))
    check_yaml(f"a: '{start.ljust(5000, '5')}'")
    check_yaml("a: " + start.ljust(5000, "5") + " pieces")
    if start not in ("1e9", "9:5"):  # no numbers of YAML's in this length
        with pytest.raises(RefusedYAML, match=f"a number is longer than {MAXIMUM_NUMBER} characters"):
            check_yaml("a: " + start.ljust(MAXIMUM_NUMBER + 1, "5"))


@pytest.mark.parametrize("text", ["{a: 1, b: {a: 1}, c: [a, a]}", "{a: b, c: a}", "[{a: 1}, {a: 1}]", "[&a a, *a, a]"])
def test_a_key_may_stand_again_elsewhere(text: str) -> None:
    check_yaml(text)


@pytest.mark.parametrize(
    "text", ["{a: 1, b: 2, a: 3}", "{a: {b: 1, b: 2}}", "[{a: [x, x], a: 1}]", "{&k a: {}, *k : 1}"]
)
def test_a_key_stands_once_in_a_mapping(text: str) -> None:
    with pytest.raises(RefusedYAML, match=r"the key '[ab]' stands twice in a mapping"):
        check_yaml(text)


def test_what_is_long_is_shown_cut() -> None:
    with pytest.raises(RefusedYAML, match=rf"the key '{'k' * 40}' stands twice"):
        check_yaml(f"{{? {'k' * 90} : 1, ? {'k' * 90} : 2}}")
    with pytest.raises(RefusedYAML, match=rf"the tag !!{'t' * 38} is not read here"):
        check_yaml(f"!!{'t' * 90} a")
    with pytest.raises(RefusedYAML, match=rf"the alias \*{'a' * 40} stands within"):
        check_yaml(f"&{'a' * 90} [*{'a' * 90}]")


@pytest.mark.parametrize(("text", "line"), [("a: 1\nb: !!int 1\n", 1), ("\n\n!x\n", 2), ("a: 1\nb: 2\na: 3\n", 2)])
def test_the_line_is_told(text: str, line: int) -> None:
    with pytest.raises(RefusedYAML) as refused:
        check_yaml(text)
    assert refused.value.problem_mark is not None
    assert refused.value.problem_mark.line == line


def test_a_character_that_is_none_is_told_with_its_line() -> None:
    with pytest.raises(RefusedYAML, match="holds a character that YAML does not have") as refused:
        check_yaml("a: 1\nb: 2\nc: \x07\n")
    assert refused.value.problem_mark is not None
    assert refused.value.problem_mark.line == 2
