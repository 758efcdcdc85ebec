"""The package that a command scores with: the one that was named, else the use case's champion on this machine."""

import tempfile
from pathlib import Path

from churn_data.errors import DataError
from churn_data.locations import Location, ObjectLocation
from churn_model.errors import PackageError
from churn_model.manifest import MANIFEST, digest_of
from churn_model.package import Package, open_package
from churn_training.packaging.home import Home
from churn_training.packaging.keys import trusted_keys

CHAMPION = "champion"


def open_named(model: Location) -> Package:
    """The package in a folder, here or in object storage, or the champion of a model by its name, with or without
    `churn-` in front.

    Raises:
        PackageError: there is neither, or it is not one to serve.
        PackageKeyError: CHURN_VERIFY_KEY names no file.
        DataError, Unavailable: the object storage refused, or does not answer.
    """
    home = Home.from_environment()
    if isinstance(model, ObjectLocation):
        return _open_stored(model, home)
    return open_package(_folder(model, home), trusted_keys(home))


def digest_now(model: Location) -> str | None:
    """The digest of what :func:`open_named` would open now; None where that cannot be read, and of object storage,
    whose addresses never mean another package."""
    if isinstance(model, ObjectLocation):
        return None
    try:
        return digest_of((_folder(model, Home.from_environment()) / MANIFEST).read_bytes())
    except (OSError, PackageError):
        return None


def _folder(model: Path, home: Home) -> Path:
    champions = [] if model.exists() or len(model.parts) != 1 else _champions(home)
    for name in (str(model), f"churn-{model}"):
        if name in champions:
            return (home.packages(name) / CHAMPION).resolve()
    if champions and model.parts:
        there = ", ".join(champions)
        raise PackageError(f"{model}: neither a folder nor a model with a champion here (--model: {there})")
    return model


def _open_stored(folder: ObjectLocation, home: Home) -> Package:
    """As a server would: all that lies in the folder, proven before it is used."""
    from churn_data.object_storage import content_of, objects_below

    place = ObjectLocation(folder.bucket, f"{folder.key.rstrip('/')}/")
    keys = [key for key, _ in objects_below(place)]
    if not keys:
        raise DataError(str(folder), "there is no model package")
    with tempfile.TemporaryDirectory(prefix="churn-") as local:
        for key in keys:
            name = key.removeprefix(place.key)
            if name and "/" not in name:
                (Path(local) / name).write_bytes(content_of(ObjectLocation(folder.bucket, key)) or b"")
        return open_package(Path(local), trusted_keys(home))


def _champions(home: Home) -> list[str]:
    """Names of the models that have a champion on this machine."""
    return sorted(link.parent.name for link in home.packages("").glob(f"*/{CHAMPION}") if link.exists())


def open_champion(model_name: str) -> Package:
    """The champion that was exported last.

    Raises:
        PackageError: there is none, or it is not one to serve.
        PackageKeyError: CHURN_VERIFY_KEY names no file.
    """
    home = Home.from_environment()
    champion = home.packages(model_name) / CHAMPION
    if not champion.exists():
        raise PackageError(
            f"{model_name}: there is no champion here{others_than(model_name)}; run `churn train`, or `churn promote` "
            "with a version that was not promoted, or give --model"
        )
    return open_package(champion.resolve(), trusted_keys(home))


def others_than(model_name: str) -> str:
    """What to say where a model has no champion here and others have: whoever says no `--usecase` means another."""
    others = ", ".join(name for name in _champions(Home.from_environment()) if name != model_name)
    return f" (there is one of {others}; --usecase says whose customers these are)" if others else ""


def champion_or_none(model_name: str) -> Package | None:
    """The champion that was exported last, None where there is none; errors as of :func:`open_champion`."""
    exists = (Home.from_environment().packages(model_name) / CHAMPION).exists()
    return open_champion(model_name) if exists else None
