"""What an image is made of, as one digest: an image whose inputs are those it was built from need not be built again.

Engines find that out too, but read hundreds of megabytes of libraries for it.
"""

import hashlib
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path

from ci.image.engine import ROOT

_EVERYWHERE = (
    "LICENSE",
    "pyproject.toml",
    ".dockerignore",
    "ci/image/stage",
    "model_repo/churn_model",
    "model_repo/usecases",
)
_OWN = {
    "gateway": ("serving/images/gateway.*", "serving/churn_serving"),
    "predictor": ("serving/images/predictor.*", "serving/churn_serving"),
    "bento": ("serving/images/bento.*", "serving/churn_serving"),
    "fallback": ("serving/images/fallback.*",),
    "marketing": (
        "serving/images/marketing.*",
        "model_repo/churn_data",
        "serving/churn_campaigns",
        "serving/churn_marketing",
    ),
    "training": (
        "training/images/training.*",
        "model_repo/churn_data",
        "training/churn_training",
        "training/churn_cli",
        "serving/churn_campaigns",
        "serving/churn_monitoring",
        "serving/churn_delivery",
    ),
}


def digest(name: str, arguments: Mapping[str, str], images: Iterable[str | None]) -> str:
    """Digest of an image's files, of the folder in its argument PACKAGE, of its arguments and the images below it.

    Version and commit are not among them: they are words about an image and make it no other one. The version that an
    image holds is read from ``pyproject.toml``.
    """
    patterns = [*_EVERYWHERE, *_OWN[name], *([arguments["PACKAGE"]] if "PACKAGE" in arguments else [])]
    deciding = sorted((key, value) for key, value in arguments.items() if key not in ("VERSION", "REVISION"))
    found = hashlib.sha256(repr((deciding, list(images))).encode())
    _add(found, patterns)
    return found.hexdigest()


def _add(found: "hashlib._Hash", patterns: Iterable[str]) -> None:
    """Names and contents of files, in a fixed order."""
    for path in sorted({file for pattern in patterns for top in ROOT.glob(pattern) for file in _files(top)}):
        found.update(f"{path.relative_to(ROOT)} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())


def trained() -> str:
    """Digest of what decides a package that is trained here: code, libraries and the machine's way to compute."""
    patterns = ("pyproject.toml", "requirements.lock", "model_repo", "training", "ci/image/packages.py")
    found = hashlib.sha256(f"{platform.python_version()} {platform.machine()}".encode())
    _add(found, patterns)
    return found.hexdigest()[:32]


def _files(top: Path) -> Iterable[Path]:
    if top.is_file():
        return [top]
    return [path for path in top.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
