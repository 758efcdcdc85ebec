"""The package that a command scores with: the one that was named, else the use case's champion on this machine."""

from pathlib import Path

from churn_model.errors import PackageError
from churn_model.package import Package, open_package
from churn_training.packaging.home import Home
from churn_training.packaging.keys import trusted_keys


def open_named(folder: Path) -> Package:
    """The package in a folder.

    Raises:
        PackageError: it is not one to serve.
        PackageKeyError: CHURN_VERIFY_KEY names no file.
    """
    return open_package(folder, trusted_keys(Home.from_environment()))


def open_champion(model_name: str) -> Package:
    """The champion that was exported last.

    Raises:
        PackageError: there is none, or it is not one to serve.
        PackageKeyError: CHURN_VERIFY_KEY names no file.
    """
    home = Home.from_environment()
    champion = home.packages(model_name) / "champion"
    if not champion.exists():
        raise PackageError(f"{model_name}: there is no champion here; run `churn train` or give --model")
    return open_package(champion.resolve(), trusted_keys(home))


def champion_or_none(model_name: str) -> Package | None:
    """The champion that was exported last, None where there is none; errors as of :func:`open_champion`."""
    exists = (Home.from_environment().packages(model_name) / "champion").exists()
    return open_champion(model_name) if exists else None
