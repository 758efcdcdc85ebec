"""The port to a model registry: where versions of a model live and which one is champion.

Only adapters know a vendor. Whoever serves on a hot path must not use it at all.
"""

from dataclasses import dataclass
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


class Registry(Protocol):
    """Every method raises :class:`churn_model.errors.RegistryError` where the registry refuses or lacks something."""

    def register(self, contents: PackageContents, key: SigningKey, run_id: str) -> Registered:
        """Store a complete, signed package as a new version; on failure no version exists."""

    def champion(self, name: str) -> Registered | None:
        """The version that is meant to be served, None if there is none yet."""

    def by_version(self, name: str, version: str) -> Registered:
        """One version."""

    def versions(self, name: str) -> list[Registered]:
        """All versions, newest first."""

    def promote(self, name: str, version: str) -> Registered:
        """Make a version champion; the former champion is remembered for :meth:`rollback`."""

    def rollback(self, name: str) -> Registered:
        """Make the former champion champion again."""

    def fetch(self, registered: Registered, directory: Path) -> Path:
        """Download a version's package into a new folder, whole or not at all."""
