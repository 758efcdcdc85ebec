"""Which names are taken, and which word somebody may have meant by one that is none of those that may stand there."""

import pytest

from churn_model.alike import listed, meant, nearest
from churn_model.errors import RegistryError
from churn_model.names import MAXIMUM_NAME, name_fault, usecase_name_fault

FAULT = "must be at most 40 lower-case letters, digits and hyphens between them"
NO_USECASES = ["", "a" * 41, "A", "a_b", "a.b", "a/b", "../a", "-a", "a-", "a--b", "a b", "a\n", "ä", "٣"]


@pytest.mark.parametrize("name", ["a", "7", "telecom", "my-bank-2", "a" * 40])
def test_a_use_case_may_be_called_so(name: str) -> None:
    assert usecase_name_fault(name) == ""


@pytest.mark.parametrize("name", NO_USECASES)
def test_a_use_case_may_not_be_called_so(name: str) -> None:
    """Its name becomes part of paths, host names and labels."""
    assert usecase_name_fault(name) == FAULT


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("a" * MAXIMUM_NAME, ""),
        ("a" * (MAXIMUM_NAME + 1), f"is longer than {MAXIMUM_NAME} characters"),
        ('any "text"\n🙂', ""),
        ("", "is empty"),
        (" \t", "is empty"),
        ("a\0", "holds a zero character"),
        ("\ud800", "is not Unicode text"),
    ],
)
def test_any_other_name_is_nearly_any_text(name: str, fault: str) -> None:
    assert name_fault(name) == fault


def test_the_nearest_word_is_found_whatever_its_capitals() -> None:
    words = ["tenure", "MonthlyCharges", "Contract"]
    assert nearest("Tenur", words) == "tenure"
    assert nearest("monthlycharge", words) == "MonthlyCharges"
    assert nearest("xyz", words) is None
    assert meant("Tenur", words) == "; did you mean 'tenure'?"
    assert meant("xyz", words) == ""
    # 3 letters of 5 are the same on both sides: just alike enough; 4 of 7 are not.
    assert nearest("abcde", ["abcxy"]) == "abcxy"
    assert nearest("abcdefg", ["abcdxyz"]) is None


@pytest.mark.parametrize(
    ("word", "words"),
    [("a" * 65, ["a" * 64]), ("tenur", ["tenure", *map(str, range(2000))])],
    ids=["a long word", "many words"],
)
def test_where_looking_would_take_long_only_the_same_word_is_found(word: str, words: list[str]) -> None:
    assert nearest(word, words) is None
    assert nearest(words[0].upper(), words) == words[0]
    assert nearest(word[:64], words[:2000]) == words[0]


def test_words_are_listed_as_a_sentence_has_them() -> None:
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed(["a", "b", "c"]) == "a, b and c"


def test_what_mlflow_refuses_is_one_line_of_ours() -> None:
    from mlflow.exceptions import MlflowException

    from churn_model.mlflow_registry import translated

    with pytest.raises(RegistryError, match=r"^MLflow, churn: no such model$"), translated("churn"):
        raise MlflowException("no such model\nTraceback: of the server")
    with pytest.raises(RegistryError, match=r"^MLflow, churn: x{200}$"), translated("churn"):
        raise MlflowException("x" * 500)
    with pytest.raises(ZeroDivisionError), translated("churn"):
        raise ZeroDivisionError
