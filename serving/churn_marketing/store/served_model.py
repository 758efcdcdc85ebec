"""The model package whose scores are shown: proven as every server proves it, and opened again when it is replaced."""

import threading
from pathlib import Path

from churn_model.errors import ChurnModelError
from churn_model.package import Package, open_package
from churn_model.signing import TrustedKeys


class ServedModel:
    """A package that may not be there yet; ``problem`` says why there is none. Safe to use from many threads."""

    def __init__(self, folder: Path, verify_key: Path) -> None:
        self.folder, self._verify_key = folder, verify_key
        self._lock = threading.Lock()
        self._seen: tuple[str, int] | None = None
        self._package: Package | None = None
        self.problem = ""

    @property
    def package(self) -> Package | None:
        """The package that lies there now, or lay there last."""
        with self._lock:
            seen = self._look()
            if seen is not None and seen != self._seen:
                self._seen = seen
                self._open()
            elif seen is None and self._package is None:
                self.problem = f"there is no model at {self.folder}; make one with `churn train`"
            return self._package

    def _look(self) -> tuple[str, int] | None:
        try:
            manifest = (self.folder / "manifest.json").resolve()
            return str(manifest), manifest.stat().st_mtime_ns
        except OSError:
            return None

    def _open(self) -> None:
        try:
            self._package = open_package(self.folder.resolve(), TrustedKeys.load(self._verify_key))
            self.problem = ""
        except ChurnModelError as error:
            self.problem = str(error)
        except OSError as error:
            self.problem = f"{self._verify_key}: cannot be read ({error.strerror})"
