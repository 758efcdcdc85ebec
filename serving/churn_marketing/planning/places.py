"""Where planning keeps what: one folder, private to the app. It must not know what is in the files."""

import secrets
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_OLD_SECONDS = 3600.0


@dataclass(frozen=True)
class Places:
    """Paths below one folder."""

    folder: Path

    @property
    def database(self) -> Path:
        """Plans and who has which customer."""
        return self.folder / "plans.sqlite"

    @property
    def frozen(self) -> Path:
        """A folder for each plan that was frozen."""
        return self.folder / "frozen"

    def of_plan(self, folder: str) -> Path:
        """The folder of a frozen plan by its name."""
        return self.frozen / folder

    def new_frozen(self, plan: str) -> Path:
        """A new folder for a plan that is about to be frozen."""
        return self.frozen / f"{plan}.{secrets.token_hex(4)}"

    def folders(self, plans: Iterable[str]) -> list[Path]:
        """The folders that these plans have had, as far as they are there."""
        if not self.frozen.is_dir():
            return []
        wanted = frozenset(plans)
        return [each for each in self.frozen.iterdir() if each.name.rpartition(".")[0] in wanted]

    def calculations(self, plan: str) -> Path:
        """What a draft was worked out to."""
        return self.folder / "calculations" / plan

    def calculation(self, plan: str, code: str, version: int, epoch: int) -> Path:
        """One of them: on which ground, in which version, and by who was free when."""
        return self.calculations(plan) / f"{code}-{version}-{epoch}"

    def last_calculation(self, plan: str, code: str, version: int) -> Path | None:
        """The last one of a draft in this version on this ground."""
        folder = self.calculations(plan)
        found = list(folder.glob(f"{code}-{version}-*")) if folder.is_dir() else []
        return max(found, key=lambda path: int(path.name.rpartition("-")[2]), default=None)

    def new_upload(self) -> Path:
        """Where a file of outcomes lies until it was read."""
        folder = self.folder / "uploads"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder / secrets.token_hex(8)

    def forget(self, plan: str) -> None:
        """Take away what a draft was worked out to."""
        shutil.rmtree(self.calculations(plan), ignore_errors=True)

    def tidy(self, named: Iterable[str]) -> None:
        """Take away what a process that was killed has left: folders that no plan names, and uploads."""
        kept = frozenset(named)
        left = [each for each in _entries(self.frozen) if each.name not in kept]
        for path in [*left, *_entries(self.folder / "uploads")]:
            if time.time() - path.stat().st_mtime > _OLD_SECONDS:
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []
