"""A folder of this machine with the last whole runs as batches, and with the model that they are shown by.

    batches/NAME/...     answers and their notes; a name is there as a whole or not at all, and never changes
    customers/NAME/...   the customers who were scored, there before their answers are
    model                a link to the model package

It must not know what is in the files.
"""

import hashlib
import json
import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from churn_data.locations import ObjectLocation
from churn_data.object_storage import download, objects_below
from churn_marketing.errors import BatchError
from churn_marketing.fetching.runs import Listing, Run, Source, label_of
from churn_model.package import open_package
from churn_model.signing import TrustedKeys

_WORK = ".fetching"
_MARK = ".run"


class Mirror:
    """One folder; for one thread of one process."""

    def __init__(self, folder: Path, kept: int) -> None:
        """``kept``: how many runs stay."""
        self._batches, self._customers, self._models = (folder / name for name in ("batches", "customers", "models"))
        self._link, self._work, self._kept = folder / "model", folder / _WORK, kept
        self._seen: Listing | None = None
        shutil.rmtree(self._work, ignore_errors=True)  # what a process that was killed has left
        for each in (self._batches, self._customers, self._models, self._work):
            each.mkdir(parents=True, exist_ok=True)

    def take_run(self, source: Source) -> str | None:
        """Copy the run that lies there, unless it is here; its name if it is new.

        Raises:
            BatchError: it is not whole, or changed meanwhile.
            DataError, Unavailable: object storage, or this machine's room.
        """
        listing = source.listing()
        if listing == self._seen:
            return None
        run = source.run()
        name = None if self._is_here(run) else self._copy(run, source, listing)
        self._seen = listing
        return name

    def take_model(self, uri: ObjectLocation, verify_key: Path) -> str | None:
        """Copy the model, unless it is here; its digest if it is new. An address never means another package.

        Raises:
            ChurnModelError: it is none to show, or is not there yet.
            OSError: the public keys cannot be read.
        """
        folder = self._models / hashlib.sha256(str(uri).encode()).hexdigest()[:16]
        if folder.is_dir() and self._link.resolve() == folder.resolve():
            return None
        work = self._new_work()
        place = ObjectLocation(uri.bucket, f"{uri.key.rstrip('/')}/")
        for key, _ in objects_below(place):
            name = key.removeprefix(place.key)
            if name and "/" not in name:
                _fetch(ObjectLocation(uri.bucket, key), work / name)
        package = open_package(work, TrustedKeys.load(verify_key))
        shutil.rmtree(folder, ignore_errors=True)  # linked to by nobody
        work.rename(folder)
        link = self._new_work() / "model"
        link.symlink_to(folder.relative_to(self._link.parent))
        link.replace(self._link)
        for other in self._models.iterdir():
            if other != folder:
                shutil.rmtree(other, ignore_errors=True)
        return package.digest

    def _copy(self, run: Run, source: Source, listing: Listing) -> str:
        name = label_of(run, lambda label: (self._batches / label).exists())
        work = self._new_work()
        for kind, files in (("customers", run.customers), ("batches", run.answers)):
            for file, place in files.items():
                _fetch(place, work / kind / file)
                os.utime(work / kind / file, (run.written, run.written))
        (work / "batches" / _MARK).write_text(json.dumps({"identity": run.identity, "written": run.written}))
        if source.listing() != listing:
            raise BatchError("it changed while it was being copied")
        shutil.rmtree(self._customers / name, ignore_errors=True)  # left by a process that was killed in between
        (work / "customers").rename(self._customers / name)
        (work / "batches").rename(self._batches / name)
        self._clear()
        return name

    def _is_here(self, run: Run) -> bool:
        return any(mark["identity"] == run.identity for mark in self._marks().values())

    def _marks(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for folder in self._batches.iterdir():
            with suppress(OSError, ValueError):
                found[folder.name] = json.loads((folder / _MARK).read_bytes())
        return found

    def _clear(self) -> None:
        """Take away the oldest runs: answers at once, so that nobody sees half of them, then customers."""
        marks = self._marks()
        newest = sorted(marks, key=lambda name: (float(marks[name]["written"]), name), reverse=True)
        for name in newest[self._kept :]:
            (self._batches / name).rename(self._new_work() / name)
        for folder in self._customers.iterdir():
            if not (self._batches / folder.name).exists():
                shutil.rmtree(folder, ignore_errors=True)
        for each in self._work.iterdir():
            shutil.rmtree(each, ignore_errors=True)

    def _new_work(self) -> Path:
        folder = self._work / secrets.token_hex(8)
        folder.mkdir()
        return folder


def _fetch(place: ObjectLocation, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    download(place, path, lambda _: None, lambda _: None)
