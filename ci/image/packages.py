"""Model packages that images are built around or checked with, each in a folder with ``package/`` and ``verify.pem``.

The starter is what ``churn train`` makes of simulated customers, as its manifest says; the best family wins there.
The CatBoost package is in no image: it proves that libraries which were made smaller still compute the same.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from churn_model import ChurnModelError, TrustedKeys, open_package
from ci.image.engine import ROOT, EngineError

FOLDER = ROOT / ".images" / "packages"
_HOME = ROOT / ".images" / "home"
_USECASE = "telecom"
_MODEL = f"churn-{_USECASE}"


def usable(folder: Path) -> bool:
    """Whether a folder holds a package that today's code would serve."""
    try:
        open_package(folder / "package", TrustedKeys.load(folder / "verify.pem"))
    except ChurnModelError:
        return False
    return True


def starter(*, retrain: bool = False) -> Path:
    """The package that a new cluster begins with, trained when there is none."""
    folder = FOLDER / "starter"
    if retrain or not usable(folder):
        words = ["train", "--usecase", _USECASE, "--budget", "0", "--json"]
        command = [sys.executable, "-m", "churn_cli", *words]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CHURN_")}
        done = subprocess.run(  # noqa: S603 - this interpreter
            command, check=False, stdout=subprocess.DEVNULL, env={**environment, "CHURN_HOME": str(_HOME)}
        )
        if done.returncode:
            raise EngineError("the starter model could not be trained")
        _lay_out(folder, _HOME / "packages" / _MODEL / "champion", _HOME / "keys" / "verify.pem")
    return folder


def custom(name: str, package: Path, verify_key: Path) -> Path:
    """Somebody's package, copied below the build context.

    Raises:
        EngineError: it is not there, or nobody would serve it.
    """
    folder = FOLDER / name
    try:
        _lay_out(folder, package, verify_key)
        open_package(folder / "package", TrustedKeys.load(folder / "verify.pem"))
    except (OSError, ChurnModelError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise EngineError(f"--model {package}: {error}") from error
    return folder


def catboost() -> Path:
    """A package around a CatBoost model, trained when there is none."""
    folder = FOLDER / "catboost"
    if not usable(folder):
        from churn_data.simulate import write_simulated
        from churn_data.sources import read_customers
        from churn_model.mlflow_registry import MlflowRegistry, connect
        from churn_model.usecase import load_usecase
        from churn_training.families.portfolio import default_candidates
        from churn_training.packaging.exporting import export_champion
        from churn_training.packaging.home import Home
        from churn_training.pipeline import train

        usecase = load_usecase(_USECASE)
        home = Home.from_environment({"CHURN_HOME": str(_HOME.with_name("home-catboost"))})
        file = write_simulated(usecase, 2000, 0, home.data / f"simulated-{_USECASE}.csv")
        family = [candidate for candidate in default_candidates() if candidate.kind == "catboost"][:1]
        train(read_customers(file, usecase, lambda _: None), home, candidates=family)
        export_champion(MlflowRegistry(connect(home.tracking_uri)), _MODEL, home)
        _lay_out(folder, home.packages(_MODEL) / "champion", home.verify_key)
    return folder


def _lay_out(folder: Path, package: Path, verify_key: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(package.resolve(), folder / "package", copy_function=shutil.copyfile)
    shutil.copyfile(verify_key, folder / "verify.pem")
