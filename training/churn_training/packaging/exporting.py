"""Puts the champion where servers look: `packages/<name>/<version>` and the link `champion` beside it.

A server that watches the link sees the old package or the new one, whole and proven, never something between. A small
JSON beside the link says what it points to, so that a restart need not ask MLflow.
"""

import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path

from churn_model.errors import PackageError, RegistryError
from churn_model.package import Package, open_package
from churn_model.registry import Registered, Registry
from churn_model.signing import TrustedKeys
from churn_training.packaging.exported import LINK, NOTE, Exported
from churn_training.packaging.home import Home
from churn_training.packaging.keys import trusted_keys


def export_champion(registry: Registry, name: str, home: Home, usecase_sha256: str = "") -> Exported:
    """Fetch the registry's champion if it is not here yet, prove it, and point the link at it.

    Raises:
        RegistryError: there is no champion, or it cannot be read.
        PackageError: it is not a package to serve; the link stays where it was.
    """
    champion = registry.champion(name)
    if champion is None:
        raise RegistryError(f"{name}: there is no champion to export")
    folder = home.packages(name)
    trusted = trusted_keys(home)
    package = _present(folder / champion.version, champion, trusted) or _fetched(registry, champion, folder, trusted)
    training_data = package.manifest.training_data
    exported = Exported(
        name=name,
        version=champion.version,
        digest=package.digest,
        data_source=training_data.source,
        data_sha256=training_data.sha256,
        simulated=training_data.simulated,
        usecase_sha256=usecase_sha256,
    )
    _point(folder, exported)
    return exported


def _present(directory: Path, champion: Registered, trusted: TrustedKeys) -> Package | None:
    """The package if an earlier export left it here unharmed."""
    try:
        package = open_package(directory, trusted)
    except PackageError:
        return None
    return package if package.digest == champion.digest else None


def _fetched(registry: Registry, champion: Registered, folder: Path, trusted: TrustedKeys) -> Package:
    target, incoming = folder / champion.version, folder / f".incoming-{champion.version}-{os.getpid()}"
    try:
        package = open_package(registry.fetch(champion, incoming), trusted)
        if package.digest != champion.digest:
            raise RegistryError(f"{champion.name} version {champion.version}: the registry names another digest")
        if target.exists():
            outgoing = incoming.with_name(f".outgoing-{champion.version}-{os.getpid()}")
            target.rename(outgoing)
            incoming.rename(target)
            shutil.rmtree(outgoing)
        else:
            incoming.rename(target)
    finally:
        shutil.rmtree(incoming, ignore_errors=True)
    return package


def _point(folder: Path, exported: Exported) -> None:
    link = folder / f".{LINK}-{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(exported.version)
    link.replace(folder / LINK)
    note = folder / f".{NOTE}-{os.getpid()}"
    note.write_text(json.dumps(asdict(exported), indent=2), encoding="utf-8")
    note.replace(folder / NOTE)
