"""The model package on disk: written once, signed, and proven before it may answer.

Order of proof: the signature over the manifest, the digest of every file, the schema, then the golden rows. Files are
read once, hashed and used from memory, so nothing can change in between. Nothing here executes what a package holds.
"""

import base64
import datetime
import hashlib
import importlib.metadata
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from churn_model.description import Description, verify_signature
from churn_model.encoding import Encoder
from churn_model.errors import CorruptPackage, SchemaMismatch
from churn_model.estimators import ESTIMATOR_FILES, load_estimator
from churn_model.golden import Golden
from churn_model.holdout import Holdout
from churn_model.manifest import (
    FORMAT,
    GOLDEN,
    MANIFEST,
    SIGNATURE,
    KnownFile,
    Manifest,
    TrainingData,
    check_file,
    digest_of,
    package_files,
    parse_manifest,
)
from churn_model.rules import Label, RefreshTerms
from churn_model.schema import Row, Schema
from churn_model.scorer import Scorer
from churn_model.segments import Segmenter
from churn_model.signing import SigningKey, TrustedKeys
from churn_model.training_profile import TrainingProfile

MAXIMUM_FILE_BYTES = 512 * 1024 * 1024
LARGEST = {SIGNATURE: 4 * 1024, MANIFEST: 16 * 1024 * 1024}
"""Bytes of what is read before anything is proven, whoever wrote it: a signature has 88, a manifest some 500 a feature;
a gateway takes no description above 32 MiB."""
# MLflow leaves this note in a folder that it downloads, a plain file; nobody reads it.
_TOLERATED = frozenset({"registered_model_meta"})
_LIBRARIES = ("catboost", "category-encoders", "scikit-learn", "numpy", "pandas", "mlflow")


@dataclass(frozen=True)
class PackageContents:
    """Everything training knows about a model; ``golden_rows`` are answered at packaging time."""

    name: str
    schema: Schema
    estimator_kind: str
    estimator_file: Path
    encoder: dict[str, Any]
    segments: dict[str, Any]
    actions: dict[str, Any]
    scorecard: dict[str, Any]
    golden_rows: list[Row]
    metrics: dict[str, float]
    training_data_sha256: str
    code_revision: str
    data_source: str = ""
    simulated: bool = False
    training_rows: int = 0
    data_until: str = ""
    holdout: Holdout | None = None
    label: Label | None = None
    file: KnownFile | None = None
    refresh: RefreshTerms | None = None
    profile: TrainingProfile | None = None
    libraries: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Package:
    """A package that has passed every check."""

    path: Path
    manifest: Manifest
    digest: str
    description: Description
    scorer: Scorer


def write_package(directory: Path, contents: PackageContents, version: str, key: SigningKey, mlmodel: str) -> str:
    """Write a package into an empty or new folder, the signature last, and return its digest.

    ``mlmodel`` is the text of MLflow's ``MLmodel``, which must not change afterwards.

    Raises:
        SchemaMismatch: the contents contradict each other; nothing is signed then.
    """
    directory.mkdir(parents=True, exist_ok=True)
    model = contents.estimator_file.read_bytes()
    files = {
        "MLmodel": mlmodel.encode(),
        ESTIMATOR_FILES[contents.estimator_kind]: model,
        "encoder.json": msgspec.json.encode(contents.encoder),
        "segments.json": msgspec.json.encode(contents.segments),
        "actions.json": msgspec.json.encode(contents.actions),
        "scorecard.json": msgspec.json.encode(contents.scorecard),
    }
    encoder = Encoder.from_json(contents.encoder, contents.schema)
    estimator = load_estimator(contents.estimator_kind, model, contents.schema)
    scorer = Scorer(encoder, estimator, Segmenter.from_json(contents.segments, contents.schema))
    golden = Golden(contents.golden_rows, scorer.score(contents.golden_rows))
    files[GOLDEN] = golden.to_bytes()
    manifest_bytes = msgspec.json.format(msgspec.json.encode(_manifest(contents, version, files)), indent=2)
    if len(manifest_bytes) > LARGEST[MANIFEST]:
        raise SchemaMismatch(
            f"{MANIFEST}: would be larger than {LARGEST[MANIFEST]} bytes: too many features or categories"
        )
    signature = base64.b64encode(key.sign(manifest_bytes))
    Description(manifest_bytes, signature, files)
    for name, content in {**files, MANIFEST: manifest_bytes, SIGNATURE: signature}.items():
        (directory / name).write_bytes(content)
    return digest_of(manifest_bytes)


def open_package(directory: Path, trusted: TrustedKeys) -> Package:
    """Prove a package and load it.

    Raises:
        PackageError: one line that names the file and what is wrong; nothing of the package may be used then.
    """
    signature = _read(directory, SIGNATURE)
    manifest_bytes = _read(directory, MANIFEST)
    verify_signature(manifest_bytes, signature, trusted)
    manifest = parse_manifest(manifest_bytes)
    names = package_files(manifest.estimator)
    _require_nothing_else(directory, names | {MANIFEST, SIGNATURE})
    files: dict[str, bytes] = {}
    for name in sorted(names):
        files[name] = _read(directory, name)
        check_file(name, files[name], manifest)
    description = Description(manifest_bytes, signature, files)
    model = files[ESTIMATOR_FILES[manifest.estimator]]
    estimator = load_estimator(manifest.estimator, model, manifest.schema)
    scorer = Scorer(description.encoder, estimator, description.segmenter)
    description.golden.check(scorer)
    return Package(directory, manifest, description.digest, description, scorer)


def _require_nothing_else(directory: Path, names: frozenset[str]) -> None:
    """A link is as much too much as a file, wherever it leads, were it under the name of a note that may lie there."""
    try:
        with os.scandir(directory) as entries:
            surplus = {
                entry.name
                for entry in entries
                if entry.name not in names and not (entry.name in _TOLERATED and entry.is_file(follow_symlinks=False))
            }
    except OSError as error:
        raise CorruptPackage(f"the folder of the package: cannot be read ({error.strerror})") from error
    if surplus:
        raise CorruptPackage(f"{min(surplus)[:80]!r}: does not belong into a model package")


def _read(directory: Path, name: str) -> bytes:
    path = directory / name
    try:
        if path.is_symlink() or not path.is_file():
            raise CorruptPackage(f"{name}: missing from the package, or not a plain file")
        largest = LARGEST.get(name, MAXIMUM_FILE_BYTES)
        if path.stat().st_size > largest:
            raise CorruptPackage(f"{name}: larger than {largest} bytes")
        return path.read_bytes()
    except OSError as error:
        raise CorruptPackage(f"{name}: cannot be read ({error.strerror})") from error


def _manifest(contents: PackageContents, version: str, files: dict[str, bytes]) -> Manifest:
    return Manifest(
        format=FORMAT,
        name=contents.name,
        version=version,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        estimator=contents.estimator_kind,
        schema=contents.schema,
        schema_sha256=contents.schema.hash,
        training_data=TrainingData(
            contents.training_data_sha256,
            contents.data_source,
            contents.simulated,
            contents.training_rows,
            contents.data_until,
            contents.holdout,
            contents.label,
            contents.file,
            contents.refresh,
            contents.profile,
        ),
        code_revision=contents.code_revision,
        metrics=contents.metrics,
        libraries=contents.libraries or _installed_libraries(),
        files={name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    )


def _installed_libraries() -> dict[str, str]:
    versions: dict[str, str] = {}
    for name in _LIBRARIES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
