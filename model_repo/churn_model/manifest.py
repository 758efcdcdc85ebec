"""The manifest of a model package: what it is, and the digest of every file in it.

The package's digest is the sha256 of the manifest's bytes, and the signature is made over the same bytes, so one check
of the manifest plus one hash a file proves the whole. It knows no file system.
"""

import hashlib

import msgspec

from churn_model.documents import read_by_any_thread
from churn_model.errors import CorruptPackage, SchemaMismatch
from churn_model.estimators import ESTIMATOR_FILES
from churn_model.holdout import Holdout
from churn_model.rules import Label, RefreshTerms
from churn_model.schema import Schema
from churn_model.training_profile import TrainingProfile

FORMAT = 1
MANIFEST = "manifest.json"
SIGNATURE = "signature"
GOLDEN = "golden.json"
DESCRIPTION_FILES = ("encoder.json", "segments.json", "actions.json", "scorecard.json", GOLDEN)


class Likeness(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much customers are like others who were learnt from: of ``asked`` the distances to the nearest ``among`` so
    many (quantiles, squares of standard deviations), and how much more often than by chance the two of a pair both left
    or both stayed (Cohen's kappa) with its standard ``error``."""

    asked: int
    among: int
    distances: tuple[float, ...]
    agreement: float
    error: float


class JudgedRow(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A customer whom the model was judged on: the hash (hexadecimal) of the row's features, the model's ``answer``
    (two digits), and whether the customer ``left``."""

    row: str
    answer: float
    left: bool


class Judged(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Some of the customers whom a model was judged on: those who stand at ``below`` or lower by its holdout's salt."""

    below: float
    rows: tuple[JudgedRow, ...]


class KnownFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the whole file was like, so that the file of a later model can be held against it.

    ``rows``: the smallest hashes (hexadecimal) of its rows, features and label, by which is told how many rows two
    files share. ``numbers``: by feature quantiles, the extremes aside; ``levels``: by feature the share of each level,
    the most usual ones. ``groups``: features by which models were compared. ``left``: how many did; ``leavers`` and
    ``leaving``: quantiles and shares of these alone. ``likeness``: of those learnt from. ``judged``: some of those held
    out, by whom is told whether whoever is missing later is so by chance; None: a package of before."""

    rows: tuple[str, ...] = ()
    numbers: dict[str, tuple[float, ...]] = {}
    levels: dict[str, dict[str, float]] = {}
    groups: tuple[str, ...] = ()
    left: int = 0
    leavers: dict[str, tuple[float, ...]] = {}
    leaving: dict[str, dict[str, float]] = {}
    likeness: Likeness | None = None
    judged: Judged | None = None


class TrainingData(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where the model learned from; ``source`` is a file's name without folders, ``until`` the newest day as of which
    its customers stand, where they say. ``holdout`` are those whom it did not learn from; None: a package of before,
    which does not say; nor does one without ``label``, which says who counted as having left, or without ``file``.
    ``refresh``: when and by what a model of newer data may take its place that is not shown to be better; None: never.
    ``profile``: how its customers and its answers to them were spread; None: a package of before.
    """

    sha256: str
    source: str = ""
    simulated: bool = False
    rows: int = 0
    until: str = ""
    holdout: Holdout | None = None
    label: Label | None = None
    file: KnownFile | None = None
    refresh: RefreshTerms | None = None
    profile: TrainingProfile | None = None


@read_by_any_thread
class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``files`` maps each file's name to its sha256 (hex); ``metrics`` were measured on customers held out from
    training."""

    format: int
    name: str
    version: str
    created: str
    estimator: str
    schema: Schema
    schema_sha256: str
    training_data: TrainingData
    code_revision: str
    metrics: dict[str, float]
    libraries: dict[str, str]
    files: dict[str, str]


def package_files(estimator: str) -> frozenset[str]:
    """The exact set of files of a package, manifest and signature aside."""
    return frozenset({"MLmodel", ESTIMATOR_FILES[estimator], *DESCRIPTION_FILES})


def digest_of(manifest_bytes: bytes) -> str:
    """The digest by which a package is pinned: ``sha256:<hex>``."""
    return "sha256:" + hashlib.sha256(manifest_bytes).hexdigest()


def parse_manifest(content: bytes) -> Manifest:
    """Read a manifest whose signature was verified before.

    Raises:
        CorruptPackage: not a manifest.
        SchemaMismatch: a format, estimator kind, set of files or schema hash that does not fit.
    """
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CorruptPackage(f"{MANIFEST}: {error}") from error
    if manifest.format != FORMAT:
        raise SchemaMismatch(f"{MANIFEST}: format {manifest.format} is not known here, expected {FORMAT}")
    if manifest.estimator not in ESTIMATOR_FILES:
        raise SchemaMismatch(f"{MANIFEST}: estimator kind {manifest.estimator!r} is not known here")
    unexpected = package_files(manifest.estimator).symmetric_difference(manifest.files)
    if unexpected:
        raise SchemaMismatch(f"{MANIFEST}: lists too much or too little: {min(unexpected)[:80]!r}")
    if manifest.schema.hash != manifest.schema_sha256:
        raise SchemaMismatch(f"{MANIFEST}: schema hash differs from the schema")
    return manifest


def check_file(name: str, content: bytes, manifest: Manifest) -> None:
    """Raise :class:`CorruptPackage` unless ``content`` is the file that the manifest lists as ``name``."""
    if hashlib.sha256(content).hexdigest() != manifest.files[name]:
        raise CorruptPackage(f"{name}: differs from the digest in {MANIFEST}")
