"""What a trusted key signed may still be nonsense: each part is held against its format, the schema and the others, and
refused with one line that names it, whoever reads it."""

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from churn_model import (
    CorruptPackage,
    Description,
    PackageError,
    SchemaMismatch,
    SigningKey,
    TrustedKeys,
    UntrustedPackage,
    open_package,
)
from churn_model.golden import Golden
from churn_model.manifest import parse_manifest
from sample_package import sample_schema

SCHEMA = sample_schema()
DEEP = b"[" * 100_000
Change = Callable[[Any], object]


@pytest.fixture(scope="module")
def documents(package_folder: Path, keys: Any) -> str:
    """A description as it travels."""
    return json.dumps(open_package(package_folder, keys.trusted).description.to_documents())


def signed_again(documents: str, keys: Any, change: Change) -> dict[str, Any]:
    """The description after an insider with the key has changed one of its parts."""
    described: dict[str, Any] = json.loads(documents)
    parts = {name: json.loads(content) for name, content in described["files"].items()}
    change(parts)
    described["files"] = {name: json.dumps(part) for name, part in parts.items()}
    manifest = json.loads(described["manifest"])
    manifest["files"] |= {name: hashlib.sha256(text.encode()).hexdigest() for name, text in described["files"].items()}
    described["manifest"] = json.dumps(manifest)
    described["signature"] = base64.b64encode(keys.signing.sign(described["manifest"].encode())).decode()
    return described


@pytest.mark.parametrize(
    ("name", "change", "problem"),
    [
        ("encoder.json", lambda part: part.update(format=2), r"format 2 is not known here, expected 1$"),
        ("encoder.json", lambda part: part["features"].reverse(), "differ from the schema's names, types or order$"),
        ("encoder.json", lambda part: part["features"][0].update(kind="category"), "differ from the schema's names"),
        ("encoder.json", lambda part: part["features"].pop(), "differ from the schema's names"),
        ("encoder.json", lambda part: part.update(code="print()"), "unknown field"),
        ("segments.json", lambda part: part.update(format=2), "format 2 is not known here, expected 1$"),
        ("segments.json", lambda part: part["segments"].reverse(), "segment ids must be 1, 2, 3, …, one a bias$"),
        ("segments.json", lambda part: part["segments"].pop(), "segment ids must be 1, 2, 3, …, one a bias$"),
        ("segments.json", lambda part: part.update(bias=[], segments=[]), "segment ids must be 1, 2, 3"),
        ("segments.json", lambda part: part["numbers"][0]["weights"].pop(), "4 segments need 4 weights each$"),
        ("segments.json", lambda part: part["categories"][0]["missing"].pop(), "4 segments need 4 weights each$"),
        ("segments.json", lambda part: part["categories"][0]["unseen"].pop(), "4 segments need 4 weights each$"),
        ("segments.json", lambda part: part["categories"][0]["table"]["Two year"].pop(), "need 4 weights each$"),
        ("segments.json", lambda part: part["numbers"][0].update(index=1), "feature 1 is not a number of the schema$"),
        ("segments.json", lambda part: part["numbers"][0].update(index=5), "feature 5 is not a number of the schema$"),
        ("segments.json", lambda part: part["numbers"][0].update(index=-1), "feature -1 is not a number of the"),
        ("segments.json", lambda part: part["categories"][0].update(index=0), "feature 0 is not a category of the"),
        ("actions.json", lambda part: part.update(format=2), "Invalid enum value 2"),
        ("actions.json", lambda part: part["value"].update(index=1), "'charges' is not number 1 of the schema$"),
        ("actions.json", lambda part: part["value"].update(index=0), "'charges' is not number 0 of the schema$"),
        ("actions.json", lambda part: part["value"].update(index=5), "'charges' is not number 5 of the schema$"),
        ("actions.json", lambda part: part["value"].update(index=-3), "'charges' is not number -3 of the schema$"),
        ("actions.json", lambda part: part["value"].update(column="Contract", index=1), "'Contract' is not number 1"),
        ("actions.json", lambda part: part["actions"][0].update(price=1), "unknown field `price`"),
        ("scorecard.json", lambda part: part.update(format=2), "expected format 1 with 5 weights$"),
        ("scorecard.json", lambda part: part["weights"].pop(), "expected format 1 with 5 weights$"),
        ("scorecard.json", lambda part: part["fill"].pop(), "expected format 1 with 5 weights$"),
        ("golden.json", lambda part: part.update(format=2), "expected format 1 with as many answers as rows"),
        ("golden.json", lambda part: part["rows"].pop(), "expected format 1 with as many answers as rows"),
        ("golden.json", lambda part: part["segments"].pop(), "expected format 1 with as many answers as rows"),
        ("golden.json", lambda part: part.update(rows=[], probabilities=[], segments=[]), "at least one$"),
        ("golden.json", lambda part: part["rows"][0].pop(), r"zip\(\) argument"),
        ("golden.json", lambda part: part["rows"][0].__setitem__(1, 2.0), "Contract: expected a text$"),
        ("golden.json", lambda part: part["rows"][0].__setitem__(0, "soon"), "could not convert string to float"),
    ],
)
def test_a_part_that_does_not_fit_is_named(documents: str, keys: Any, name: str, change: Change, problem: str) -> None:
    described = signed_again(documents, keys, lambda parts: change(parts[name]))
    with pytest.raises(SchemaMismatch, match=rf"^{name}: .*{problem}") as refused:
        Description.from_documents(described, keys.trusted)
    assert "\n" not in str(refused.value)


def test_a_description_that_was_only_signed_again_is_read(documents: str, keys: Any) -> None:
    described = signed_again(documents, keys, lambda parts: parts["actions.json"]["actions"].pop())
    assert len(Description.from_documents(described, keys.trusted).actions.actions) == 1


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda described: described.pop("signature"), "^description: "),
        (lambda described: described.update(code="print()"), "^description: .*unknown field"),
        (lambda described: described.update(files=[]), "^description: "),
        (lambda described: described["files"].pop("golden.json"), r"^golden\.json: missing from the description$"),
        (lambda described: described["files"].pop("encoder.json"), r"^encoder\.json: missing from the description$"),
    ],
)
def test_a_description_that_is_not_whole_is_refused(documents: str, keys: Any, change: Change, problem: str) -> None:
    described = json.loads(documents)
    change(described)
    with pytest.raises(CorruptPackage, match=problem):
        Description.from_documents(described, keys.trusted)


@pytest.mark.parametrize("signature", ["", "no base64!", "AAAA", "A", "é", "AAAA\n"])
def test_a_signature_that_is_none_is_no_other_error(documents: str, keys: Any, signature: str) -> None:
    with pytest.raises(UntrustedPackage, match=r"^signature: "):
        Description.from_documents({**json.loads(documents), "signature": signature}, keys.trusted)


def test_who_trusts_the_key_no_more_is_told_so(package_folder: Path, keys: Any, tmp_path: Path) -> None:
    description = open_package(package_folder, keys.trusted).description
    other = TrustedKeys.from_pem(SigningKey.generate(tmp_path / "other.pem").public_pem())
    assert description.is_signed_by(keys.trusted)
    assert not description.is_signed_by(other)


def manifest_after(documents: str, change: Change) -> bytes:
    manifest = json.loads(json.loads(documents)["manifest"])
    change(manifest)
    return json.dumps(manifest).encode()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b"null", DEEP, b'{"format": "\xff"}'])
def test_what_is_no_manifest_is_corrupt(content: bytes) -> None:
    with pytest.raises(CorruptPackage, match=r"^manifest\.json: "):
        parse_manifest(content)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda manifest: manifest.update(format=2), "format 2 is not known here, expected 1$"),
        (lambda manifest: manifest.update(format=0), "format 0 is not known here, expected 1$"),
        (lambda manifest: manifest.update(estimator="forest"), "estimator kind 'forest' is not known here$"),
        (lambda manifest: manifest.update(estimator="linear"), "lists too much or too little: 'linear.json'$"),
        (lambda manifest: manifest["files"].pop("MLmodel"), "lists too much or too little: 'MLmodel'$"),
        (lambda manifest: manifest["files"].update({"A" * 500: ""}), "lists too much or too little: 'A{80}'$"),
        (lambda manifest: manifest.update(schema_sha256="0" * 64), "schema hash differs from the schema$"),
    ],
)
def test_a_manifest_that_does_not_fit_itself_is_refused(documents: str, change: Change, problem: str) -> None:
    with pytest.raises(SchemaMismatch, match=rf"^manifest\.json: {problem}"):
        parse_manifest(manifest_after(documents, change))


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", DEEP, b'{"format": 1, "rows": []}'])
def test_golden_rows_that_are_none_are_refused(content: bytes) -> None:
    with pytest.raises(SchemaMismatch, match=r"^golden\.json: "):
        Golden.from_bytes(content, SCHEMA)


@pytest.mark.parametrize("content", [b"", b"{", b'"\xff"', DEEP])
@pytest.mark.parametrize("name", ["encoder.json", "segments.json", "actions.json", "scorecard.json"])
def test_a_signed_part_that_is_no_json_is_corrupt(package_folder: Path, keys: Any, name: str, content: bytes) -> None:
    described = open_package(package_folder, keys.trusted).description.to_documents()
    files = {part: text.encode() for part, text in described["files"].items()}
    with pytest.raises(PackageError, match=rf"^{name}: not valid JSON next to manifest\.json$"):
        Description(described["manifest"].encode(), described["signature"].encode(), {**files, name: content})
