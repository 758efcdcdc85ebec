"""The port to a model registry: where versions of a model live and which one is champion.

Only adapters know a vendor. Whoever serves on a hot path must not use it at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from churn_model.package import PackageContents
from churn_model.signing import SigningKey


@dataclass(frozen=True)
class Registered:
    """A version in the registry. ``uri`` is immutable and names the concrete artifact, never an alias."""

    name: str
    version: str
    digest: str
    uri: str


DATA_DIGEST = 32
"""Hex digits of a data set's SHA-256 that registries keep as its digest; more do not fit."""


@dataclass(frozen=True)
class VersionNotes:
    """What stands beside a version for whoever looks at it in the registry; none of it is signed.

    `description` of the version and `about` the model, in plain words; `metrics` by which it was decided about;
    `whole`: the names of the numbers that hold whole numbers alone.
    """

    description: str = ""
    about: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    whole: frozenset[str] = frozenset()


class Registry(Protocol):
    """Every method raises :class:`churn_model.errors.RegistryError` where the registry refuses or lacks something."""

    def register(
        self, contents: PackageContents, key: SigningKey, run_id: str, notes: VersionNotes | None = None
    ) -> Registered:
        """Store a complete, signed package as a new version; on failure no version exists."""

    def champion(self, name: str) -> Registered | None:
        """The version that is meant to be served, None if there is none yet."""

    def by_version(self, name: str, version: str) -> Registered:
        """One version."""

    def versions(self, name: str) -> list[Registered]:
        """All versions, newest first."""

    def promote(self, name: str, version: str) -> Registered:
        """Make a version champion; the former champions are remembered for :meth:`rollback`."""

    def rollback(self, name: str) -> Registered:
        """Make the champion before the present one champion; twice goes back twice."""

    def astray(self, name: str) -> str | None:
        """The version that others take for the champion although nobody promoted it; None if all is well."""

    def fetch(self, registered: Registered, directory: Path) -> Path:
        """Download a version's package into a new folder, whole or not at all."""
