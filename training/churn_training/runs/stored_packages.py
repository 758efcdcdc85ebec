"""The model packages among MLflow's artifacts, proven by their signatures, with what lies beside them of their runs.

Who made a package, when, from what and how good it is stands in its signed files; what the gate said lies in a file of
the run that nobody has signed. It must not know what a registry holds.
"""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import yaml

from churn_model.description import verify_signature
from churn_model.errors import CorruptPackage, PackageError
from churn_model.manifest import MANIFEST, SIGNATURE, Manifest, parse_manifest
from churn_model.package import LARGEST, MAXIMUM_FILE_BYTES, open_package
from churn_model.signing import TrustedKeys
from churn_training.comparison.champion_contest import ChampionDecision
from churn_training.runs.artifact_tree import ArtifactTree, Folders

_MODELS, _ARTIFACTS = "models", "artifacts"
_GATE = "comparison/gate.json"
_MOST_FILES = 32
"""More than any package has; what is beyond them is not fetched, and too much anyway."""
_MOST_GATE = 4 * 1024 * 1024
_HIGHEST = 1_000_000
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class StoredPackage:
    """A proven package: `version` is the number that it was signed for, `run` the run that made it, `uri` where it
    lies and `signed_uri` where it lay when it was made, `run_artifacts` where its run's files are; `decision`: what the
    gate said, None where that is not kept."""

    manifest: Manifest
    version: int
    digest: str
    run: str
    uri: str
    signed_uri: str
    run_artifacts: str
    decision: ChampionDecision | None

    @property
    def name(self) -> str:
        """Of the registered model."""
        return self.manifest.name


@dataclass(frozen=True)
class RefusedPackage:
    """One that is not what was signed, and why; `name` and `version` where its manifest at least is proven."""

    uri: str
    problem: str
    name: str = ""
    version: int = 0


class _Made(msgspec.Struct, frozen=True):
    """What is read of `MLmodel`."""

    run_id: str
    model_id: str
    artifact_path: str = ""


class _Gate(msgspec.Struct, frozen=True):
    """What is read of `gate.json`."""

    promoted: bool
    reason: str
    passed: bool = False
    against: Annotated[str, msgspec.Meta(max_length=20, pattern="^[0-9]*$")] = ""
    overridden: bool = False
    contest: Annotated[str, msgspec.Meta(max_length=500)] = ""


def is_package(folder: str, names: Folders) -> bool:
    """Whether a folder holds what may be a package."""
    return MANIFEST in names[folder] or SIGNATURE in names[folder]


def is_of_mlflow(folder: str) -> bool:
    """Whether a folder is where MLflow keeps a model's files; copies and starters of images lie elsewhere."""
    parts = folder.split("/")
    return len(parts) >= len("mia") and parts[-3] == _MODELS and parts[-1] == _ARTIFACTS


def open_stored(
    tree: ArtifactTree, folder: str, names: Folders, trusted: TrustedKeys
) -> StoredPackage | RefusedPackage:
    """Prove the package in a folder as whoever serves it would.

    Raises:
        DataError, Unavailable: the store does not give it.
    """
    with tempfile.TemporaryDirectory(prefix="churn-") as temporary:
        local = Path(temporary)
        for name in names[folder][:_MOST_FILES]:
            content = tree.read(f"{folder}/{name}", LARGEST.get(name, MAXIMUM_FILE_BYTES))
            if content is not None:
                (local / name).write_bytes(content)
        try:
            package = open_package(local, trusted)
            made, number = _made(local), _number(package.manifest)
            if folder.split("/")[-2] != made.model_id:
                raise CorruptPackage(f"was signed as model {made.model_id[:80]!r}, which has a folder of its own")
        except PackageError as error:
            return _refused(tree.address(folder), str(error), local, trusted)
    run_folder = "/".join((*folder.split("/")[:-3], made.run_id, _ARTIFACTS))
    return StoredPackage(
        package.manifest,
        number,
        package.digest,
        made.run_id,
        tree.address(folder),
        made.artifact_path,
        tree.address(run_folder),
        _decision(tree, f"{run_folder}/{_GATE}"),
    )


def _made(local: Path) -> _Made:
    """Run and model as `MLmodel` says, which is among the files that are signed for."""
    try:
        made = msgspec.convert(yaml.safe_load((local / "MLmodel").read_bytes()), _Made)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise CorruptPackage("MLmodel: does not say which run and model it is") from error
    if not _ID.fullmatch(made.run_id):
        raise CorruptPackage(f"MLmodel: {made.run_id[:80]!r} is not the id of a run")
    return made


def _number(manifest: Manifest) -> int:
    text = manifest.version
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= _HIGHEST):
        raise CorruptPackage(f"{MANIFEST}: {text[:80]!r} is not the number of a version")
    return int(text)


def _refused(uri: str, problem: str, local: Path, trusted: TrustedKeys) -> RefusedPackage:
    """What is damaged keeps its number, if that at least is proven."""
    try:
        manifest_bytes = (local / MANIFEST).read_bytes()
        verify_signature(manifest_bytes, (local / SIGNATURE).read_bytes(), trusted)
        manifest = parse_manifest(manifest_bytes)
        return RefusedPackage(uri, problem, manifest.name, _number(manifest))
    except (PackageError, OSError):
        return RefusedPackage(uri, problem)


def _decision(tree: ArtifactTree, path: str) -> ChampionDecision | None:
    content = tree.read(path, _MOST_GATE)
    try:
        gate = msgspec.json.decode(content or b"", type=_Gate)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return ChampionDecision(gate.promoted, gate.reason, None, gate.passed, gate.against, gate.overridden, gate.contest)
