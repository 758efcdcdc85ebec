"""Model packages that images are built around or checked with, each in a folder with ``package/`` and ``verify.pem``.

The starter is what ``churn train`` makes of simulated customers, as its manifest says; the best family wins there.
The CatBoost package is in no image: it proves that libraries which were made smaller still compute the same.
What the same code made before is kept beside the stamps of continuous integration, for other clones on this machine.
A training goes on beside whatever images are built meanwhile; who asks for its package waits for it.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Lock

from churn_model import ChurnModelError, TrustedKeys, open_package
from ci.image import inputs
from ci.image.engine import ROOT, EngineError

FOLDER = ROOT / ".images" / "packages"
_HOME = ROOT / ".images" / "home"
_USECASE = "telecom"
_MODEL = f"churn-{_USECASE}"
_KEPT_OF_EACH = 5
_TRAINING = ThreadPoolExecutor(thread_name_prefix="training")
_begun: dict[str, "Future[Path]"] = {}
_beginning = Lock()


def usable(folder: Path) -> bool:
    """Whether a folder holds a package that today's code would serve."""
    try:
        open_package(folder / "package", TrustedKeys.load(folder / "verify.pem"))
    except ChurnModelError:
        return False
    return True


def begin_starter(*, retrain: bool = False) -> "Future[Path]":
    """The package that a new cluster begins with, trained when there is none or another one is wanted."""
    return _begin("starter", _train_starter, anew=retrain)


def starter() -> Path:
    """As :func:`begin_starter`, once it is there.

    Raises:
        EngineError: it could not be trained.
    """
    return begin_starter().result()


def _train_starter() -> tuple[Path, Path]:
    words = ["train", "--usecase", _USECASE, "--budget", "0", "--json"]
    command = [sys.executable, "-m", "churn_cli", *words]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CHURN_")}
    done = subprocess.run(  # noqa: S603 - this interpreter
        command, check=False, stdout=subprocess.DEVNULL, env={**environment, "CHURN_HOME": str(_HOME)}
    )
    if done.returncode:
        raise EngineError("the starter model could not be trained")
    return _HOME / "packages" / _MODEL / "champion", _HOME / "keys" / "verify.pem"


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


def begin_catboost() -> "Future[Path]":
    """A package around a CatBoost model, trained when there is none."""
    return _begin("catboost", _train_catboost)


def catboost() -> Path:
    """As :func:`begin_catboost`, once it is there."""
    return begin_catboost().result()


def _train_catboost() -> tuple[Path, Path]:
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
    return home.packages(_MODEL) / "champion", home.verify_key


def _begin(name: str, make: Callable[[], tuple[Path, Path]], *, anew: bool = False) -> "Future[Path]":
    """What was begun before, however it was asked for."""
    with _beginning:
        if name not in _begun:
            _begun[name] = _TRAINING.submit(_made, name, make, anew=anew)
        return _begun[name]


def _made(name: str, make: Callable[[], tuple[Path, Path]], *, anew: bool) -> Path:
    """A package of this clone: the one that is there, else what the very same code made on this machine, else made."""
    folder = FOLDER / name
    if anew or not usable(folder):
        kept = _kept() / f"{name}-{inputs.trained()}"
        if anew or not usable(kept):
            _keep(kept, *make())
        _lay_out(folder, kept / "package", kept / "verify.pem")
    return folder


def _kept() -> Path:
    return Path(os.environ.get("CI_HOME") or Path.home() / ".cache" / "churn-ci") / "packages"


def _keep(kept: Path, package: Path, verify_key: Path) -> None:
    """Whole or not at all, since another clone may look; of former ones the last few stay."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as work:
        _lay_out(Path(work, "new"), package, verify_key)
        shutil.rmtree(kept, ignore_errors=True)
        Path(work, "new").rename(kept)
    of_this_name = kept.parent.glob(f"{kept.name.rpartition('-')[0]}-*")
    for former in sorted(of_this_name, key=lambda path: path.stat().st_mtime, reverse=True)[_KEPT_OF_EACH:]:
        shutil.rmtree(former, ignore_errors=True)


def _lay_out(folder: Path, package: Path, verify_key: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(package.resolve(), folder / "package", copy_function=shutil.copyfile)
    shutil.copyfile(verify_key, folder / "verify.pem")
