"""Customers are known again by their key alone, however their id is spelt, and a bad file of keys says why."""

import json
import stat
from pathlib import Path

import pytest

from churn_model.prediction_log.pseudonyms import PseudonymKeyError, add_pseudonym_key, read_pseudonym_keys

ONE = {"id": "one", "secret": "ab" * 32}


def test_a_new_key_is_used_and_the_former_ones_stay(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "log.json"
    add_pseudonym_key(path, "2026-11")
    (first,) = read_pseudonym_keys(path)
    add_pseudonym_key(path, "2026-12")
    former, newest = read_pseudonym_keys(path)
    assert (former.id, newest.id) == ("2026-11", "2026-12")
    assert former.of("7590-VHVEG") == first.of("7590-VHVEG") != newest.of("7590-VHVEG")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(PseudonymKeyError, match="there is a key 2026-12 already"):
        add_pseudonym_key(path, "2026-12")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("42", " 42 ", True), ("42", "42.0", True), ("Cafe\u0301", "Caf\u00e9", True), ("a", "A", False),
        ("\ud800", "\ud801", False), ("", " ", False), ("1", "11", False),
    ],
    ids=["blanks", "float", "composed", "case", "surrogates", "nothing", "length"],
)  # fmt: skip
def test_an_id_has_one_pseudonym_in_all_its_spellings(tmp_path: Path, one: str, other: str, same: bool) -> None:
    path = tmp_path / "log.json"
    path.write_text(json.dumps({"keys": [ONE]}), encoding="utf-8")
    (key,) = read_pseudonym_keys(path)
    assert len(key.of(one)) == 16
    assert (key.of(one) == key.of(other)) is same


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ("", "truncated"), ("[]", "expected"), ('{"keys": []}', "0 keys; 1 to"), ('{"keys": [1]}', r"keys\[0\]"),
        (json.dumps({"keys": [{**ONE, "secret": "ab"}]}), r"keys\[0\]: .*secret"),
        (json.dumps({"keys": [ONE, ONE]}), r"keys\[1\]: the id one is that of keys\[0\] too"),
        (json.dumps({"keys": [{**ONE, "more": 1}]}), "more"),
    ],
    ids=["empty", "list", "none", "number", "short", "twice", "more"],
)  # fmt: skip
def test_a_bad_file_is_refused_in_one_line_without_a_secret(tmp_path: Path, document: str, problem: str) -> None:
    path = tmp_path / "log.json"
    path.write_text(document, encoding="utf-8")
    with pytest.raises(PseudonymKeyError, match=problem) as told:
        read_pseudonym_keys(path)
    assert str(told.value).startswith(str(path))
    assert "\n" not in str(told.value)
    assert "abab" not in str(told.value)


def test_no_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(PseudonymKeyError, match="No such file"):
        read_pseudonym_keys(tmp_path / "none.json")
