"""A package is served only if it is exactly what was signed; everything else is refused with one clear line."""

import base64
import json
import math
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_model import (
    CorruptPackage,
    Description,
    GoldenMismatch,
    PackageError,
    SchemaMismatch,
    SigningKey,
    UntrustedPackage,
    open_package,
    package,
)
from churn_model.symmetric_trees import SymmetricTrees

FILES = (
    "MLmodel", "manifest.json", "model.cbm", "encoder.json", "segments.json", "actions.json", "scorecard.json",
    "golden.json", "signature",
)  # fmt: skip

# Read before anything is proven, whoever wrote them.
LARGEST = {"signature": 4 << 10, "manifest.json": 16 << 20}


@pytest.fixture
def folder(package_folder: Path, tmp_path: Path) -> Path:
    """A copy that a test may harm."""
    return Path(shutil.copytree(package_folder, tmp_path / "package"))


def resign(folder: Path, keys: Any, change: Callable[[dict[str, Any]], None]) -> None:
    """What an insider with the key could do: change the manifest and sign it again."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    change(manifest)
    content = json.dumps(manifest).encode()
    (folder / "manifest.json").write_bytes(content)
    (folder / "signature").write_bytes(base64.b64encode(keys.signing.sign(content)))


def replace_file(folder: Path, keys: Any, name: str, content: bytes) -> None:
    import hashlib

    (folder / name).write_bytes(content)
    resign(folder, keys, lambda manifest: manifest["files"].update({name: hashlib.sha256(content).hexdigest()}))


def test_a_sound_package_scores_its_golden_rows(package_folder: Path, keys: Any) -> None:
    package = open_package(package_folder, keys.trusted)
    golden = package.description.golden
    assert package.scorer.score(golden.rows) == golden.scores
    assert package.digest.startswith("sha256:")
    assert set(golden.scores.segments) <= {1, 2, 3, 4}


def test_mlflow_may_leave_its_note(folder: Path, keys: Any) -> None:
    (folder / "registered_model_meta").write_text("model_name: x\n")
    open_package(folder, keys.trusted)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("harm", ["flip", "truncate", "empty", "remove", "link"])
def test_any_harmed_file_is_refused(folder: Path, keys: Any, name: str, harm: str) -> None:
    path = folder / name
    content = path.read_bytes()
    if harm == "flip":
        path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    elif harm == "truncate":
        path.write_bytes(content[: len(content) // 2])
    elif harm == "empty":
        path.write_bytes(b"")
    else:
        path.unlink()
        if harm == "link":
            path.symlink_to("/etc/hostname")
    with pytest.raises(PackageError) as refusal:
        open_package(folder, keys.trusted)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", FILES)
def test_the_very_bytes_behind_a_link_are_refused(folder: Path, keys: Any, name: str) -> None:
    """What a link points at can change between the proof and whoever reads it next."""
    elsewhere = folder.parent / "elsewhere"
    (folder / name).rename(elsewhere)
    (folder / name).symlink_to(elsewhere)
    with pytest.raises(CorruptPackage, match=rf"^{name}: missing from the package, or not a plain file$"):
        open_package(folder, keys.trusted)


@pytest.mark.parametrize("name", FILES)
def test_what_is_no_file_or_too_large_is_refused_unread(folder: Path, keys: Any, name: str) -> None:
    path = folder / name
    largest = LARGEST.get(name, 512 << 20)
    os.truncate(path, largest + 1)  # sparse: it takes no room, and reading it would take half a gigabyte
    with pytest.raises(CorruptPackage, match=rf"^{name}: larger than {largest} bytes$"):
        open_package(folder, keys.trusted)
    path.unlink()
    os.mkfifo(path)  # reading it would wait for ever
    with pytest.raises(CorruptPackage, match=rf"^{name}: missing from the package, or not a plain file$"):
        open_package(folder, keys.trusted)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_flipped_bit_is_refused(
    data: st.DataObject, package_folder: Path, keys: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = Path(shutil.copytree(package_folder, tmp_path_factory.mktemp("flip") / "package"))
    path = folder / data.draw(st.sampled_from(FILES))
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(bytes(content))
    with pytest.raises(PackageError):
        open_package(folder, keys.trusted)


@pytest.mark.parametrize("surplus", ["model.pkl", "code", "evil.py"])
def test_a_surplus_file_is_refused_by_name(folder: Path, keys: Any, surplus: str) -> None:
    (folder / surplus).write_bytes(b"\x80\x04.")
    with pytest.raises(CorruptPackage, match=surplus):
        open_package(folder, keys.trusted)


@pytest.mark.parametrize("name", ["x", "registered_model_meta"])
@pytest.mark.parametrize("target", ["nowhere", "itself", "a file"])
def test_a_surplus_link_is_refused_by_name(folder: Path, keys: Any, name: str, target: str) -> None:
    (folder / name).symlink_to({"nowhere": "/nowhere", "itself": name, "a file": "/etc/hostname"}[target])
    with pytest.raises(CorruptPackage, match=f"^'{name}': does not belong into a model package$"):
        open_package(folder, keys.trusted)


def test_no_package_is_written_that_nobody_would_read(
    package_folder: Path, make_package: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(package.LARGEST, "manifest.json", (package_folder / "manifest.json").stat().st_size // 2)
    with pytest.raises(SchemaMismatch, match=r"^manifest\.json: would be larger than \d+ bytes"):
        make_package()


def test_a_signature_by_another_key_is_refused(folder: Path, keys: Any, tmp_path: Path) -> None:
    stranger = SigningKey.generate(tmp_path / "stranger.pem")
    manifest = (folder / "manifest.json").read_bytes()
    (folder / "signature").write_bytes(base64.b64encode(stranger.sign(manifest)))
    with pytest.raises(UntrustedPackage, match="not made by a trusted key"):
        open_package(folder, keys.trusted)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a/b.json", "model.pkl"])
def test_even_a_signed_manifest_may_not_name_other_files(folder: Path, keys: Any, name: str) -> None:
    resign(folder, keys, lambda manifest: manifest["files"].update({name: "0" * 64}))
    with pytest.raises(SchemaMismatch, match="lists too much or too little"):
        open_package(folder, keys.trusted)


@pytest.mark.parametrize("key", ["encoder.json", "segments.json", "actions.json", "scorecard.json", "golden.json"])
def test_parts_of_another_model_are_refused(folder: Path, keys: Any, key: str) -> None:
    replace_file(folder, keys, key, b'{"format": 1}')
    with pytest.raises(SchemaMismatch, match=key):
        open_package(folder, keys.trusted)


def test_a_schema_that_is_not_the_hashed_one_is_refused(folder: Path, keys: Any) -> None:
    resign(folder, keys, lambda manifest: manifest["schema"]["features"][0].update({"name": "other"}))
    with pytest.raises(SchemaMismatch, match="schema hash"):
        open_package(folder, keys.trusted)


def test_a_pickle_in_the_place_of_the_model_is_refused(folder: Path, keys: Any) -> None:
    replace_file(folder, keys, "model.cbm", b"\x80\x04\x95cposix\nsystem\n.")
    with pytest.raises(SchemaMismatch, match="not a usable catboost model"):
        open_package(folder, keys.trusted)


def test_a_model_that_answers_differently_is_refused(folder: Path, keys: Any, make_package: Any) -> None:
    other = (make_package(seed=5) / "model.cbm").read_bytes()
    replace_file(folder, keys, "model.cbm", other)
    with pytest.raises(GoldenMismatch, match="row 1"):
        open_package(folder, keys.trusted)


def test_a_description_travels_and_is_proven(package_folder: Path, keys: Any, tmp_path: Path) -> None:
    described = open_package(package_folder, keys.trusted).description
    documents = json.loads(json.dumps(described.to_documents()))
    received = Description.from_documents(documents, keys.trusted)
    assert (received.digest, received.schema) == (described.digest, described.schema)
    rows = list(described.golden.rows)
    assert received.degraded_scores(rows) == described.degraded_scores(rows)
    documents["files"]["actions.json"] = documents["files"]["actions.json"].replace("10.0", "99.0")
    with pytest.raises(CorruptPackage, match=r"actions\.json"):
        Description.from_documents(documents, keys.trusted)
    stranger = SigningKey.generate(tmp_path / "stranger.pem")
    with pytest.raises(UntrustedPackage):
        Description.from_documents(described.to_documents(), keys.trusted.from_pem(stranger.public_pem()))


def test_both_ways_of_evaluation_are_held_to_the_golden_rows_however_small_the_model(
    make_package: Any, keys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = SymmetricTrees.raw

    def off_by_one_bit(trees: SymmetricTrees, rows: Any) -> list[float]:
        return [math.nextafter(value, math.inf) * (1 + 1e-12) for value in right(trees, rows)]

    monkeypatch.setattr(SymmetricTrees, "raw", off_by_one_bit)
    folder = make_package()  # whoever packages it is wrong in the same way
    with pytest.raises(GoldenMismatch):
        open_package(folder, keys.trusted)
