"""A level is one level however it is written; what is another level stays one."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_model.spelling import MAXIMUM_TEXT, Levels, canonical

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
values = st.none() | st.booleans() | st.integers() | st.floats() | texts


@given(values)
def test_the_one_spelling_of_the_one_spelling_is_itself(value: Any) -> None:
    once = canonical(value)
    assert canonical(once) == once
    assert once is None or 0 < len(once) <= MAXIMUM_TEXT


@given(texts, st.sampled_from([" ", "\t", "\u00a0", "\u202f", "\ufeff", "\u200b", "\n"]))
def test_blanks_around_and_the_form_of_accents_do_not_matter(text: str, blank: str) -> None:
    if len(text) < MAXIMUM_TEXT // 4:
        assert canonical(f"{blank}{unicodedata.normalize('NFD', text)}{blank}") == canonical(text)


@given(st.integers(-(10**15), 10**15))
def test_a_whole_number_is_its_digits_in_every_notation(number: int) -> None:
    spelt = {canonical(value) for value in (number, float(number), str(number), f"{number}.0", f" {number}.00 ")}
    assert spelt == {str(number)}


@given(st.floats(1e16, 1e38).filter(lambda number: "e+" in repr(number)))
def test_a_large_one_too(number: float) -> None:
    assert canonical(repr(number)) == canonical(number) == str(int(number))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" Yes ", "Yes"), ("True", "true"), ("TRUE", "true"), (True, "true"), (False, "false"), ("false", "false"),
        ("Electronic\u00a0check", "Electronic check"), ("Zu\u0308rich", "Z\u00fcrich"), ("", None), (" \u00a0", None),
        (None, None), (float("nan"), None), ("00101", "00101"), ("00415.0", "00415.0"), ("1.10", "1.10"), (1.5, "1.5"),
        ("2E10", "2E10"), ("1e5", "1e5"), ("-0.0", "0"), (-0.0, "0"), ("v1.0", "v1.0"), ("1.0.0", "1.0.0"),
        ("yes", "yes"), ("\u0661.0", "\u0661.0"),
        ("R&amp;D", "R&D"), ("caf&eacute;", "caf\u00e9"), ("&nbsp;", None), ("&amp;amp;", "&"), ("&#x54;rue", "true"),
        ("a&am\u200bp;b", "a&b"), ("R&D;", "R&D;"), ("&copy", "&copy"), ("&notit;", "&notit;"),
        ("&#99999999;", "&#99999999;"),
    ],
)  # fmt: skip
def test_what_is_one_level_and_what_is_not(value: Any, expected: str | None) -> None:
    assert canonical(value) == expected


def test_a_model_that_learned_another_spelling_is_still_understood() -> None:
    levels = Levels(["True", "415.0", "Month-to-month"], ["NA"])
    assert [levels.find(value) for value in ("True", "true", True)] == [("True", True)] * 3
    assert [levels.find(value) for value in ("415.0", 415, "415 ")] == [("415.0", True)] * 3
    assert levels.find(" NA ") == levels.find("") == (None, True)
    assert levels.find("month-to-month ") == ("month-to-month", False)


def test_a_token_for_missing_that_was_learned_as_a_level_is_one() -> None:
    assert Levels(["NA", "EU"], ["NA"]).find("NA") == ("NA", True)


def test_only_what_can_be_a_floats_digits_is_a_number() -> None:
    assert canonical("1" * 38 + ".0") == "1" * 38
    assert canonical("1" * 39 + ".0") == "1" * 39 + ".0"


def test_characters_of_html_are_looked_for_up_to_a_length() -> None:
    """Beyond it each may hide another one; what is cut anyway is no level of any model."""
    within, beyond = "&amp;".ljust(4 * MAXIMUM_TEXT, "x"), "&amp;".ljust(4 * MAXIMUM_TEXT + 1, "x")
    assert canonical(within) == "&" + "x" * (MAXIMUM_TEXT - 1)
    assert canonical(beyond) == canonical("&amp;".ljust(MAXIMUM_TEXT, "x"))
    assert canonical("&amp;lt;") == canonical("&lt;") == "<"
    assert canonical("&nosuchname;") == "&nosuchname;"
    assert canonical("&#65;&#x42;") == "AB"
