"""What is made of batches, and where it is kept: by processes of their own, which give way to whoever waits for a page.

Everything is named by what it was made of, so that what is there need not be made again and nothing old is taken for
new. It must not know which batch is shown.
"""

import contextlib
import hashlib
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from churn_marketing.errors import BatchError, BatchInterrupted
from churn_marketing.store.batches import Batch
from churn_marketing.store.database import Prepared
from churn_marketing.store.fields import Meaning
from churn_marketing.store.preparation import Order
from churn_marketing.store.served_model import ServedModel

_LOG = logging.getLogger("churn_marketing.store")
_NICENESS = 10
_FORM = 4  # of prepared files: those of an older app are made anew


class Workshop:
    """One folder of prepared batches; :meth:`prepare` and :meth:`compare` are for one thread."""

    def __init__(self, folder: Path, model: ServedModel, verify_key: Path, meaning: Meaning, secret: bytes) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._model, self._verify_key, self._meaning = folder, model, verify_key, meaning
        self._secret = secret
        self._child: subprocess.Popen[str] | None = None
        self._stopped = False

    def code(self, batch: Batch) -> str:
        """Names what is made of a batch by the model that there is."""
        package = self._model.package
        return hashlib.sha256(f"{batch.code} {package.digest if package else ''} {_FORM}".encode()).hexdigest()[:16]

    def database(self, batch: Batch) -> Path:
        """The file that a batch becomes."""
        return self._folder / f"{self.code(batch)}.duckdb"

    def facts(self, batch: Batch) -> dict[str, Any] | None:
        """What a batch comes to, if it has been prepared."""
        return _document(self._folder / f"{self.code(batch)}.json")

    def movement(self, before: Batch, after: Batch) -> dict[str, Any] | None:
        """How customers moved between two batches, if they have been compared."""
        return _document(self._comparison(before, after))

    def prepare(self, batch: Batch) -> None:
        """Make a batch's file and its sums.

        Raises:
            BatchError: it cannot be shown; a sentence for people.
        """
        order = Order(
            name=batch.name,
            files=tuple(str(file.absolute()) for file in batch.files),
            customers=None if batch.customers is None else str(batch.customers.absolute()),
            model=str(self._model.folder.absolute()),
            verify_key=str(self._verify_key.absolute()),
            secret=self._secret.hex(),
            meaning=self._meaning,
            target=str(self.database(batch).absolute()),
        )
        begun = time.monotonic()
        self._run(["churn_marketing.store.preparation"], msgspec.json.encode(order).decode())
        database = Prepared(self.database(batch))
        found = database.row("SELECT content FROM facts WHERE name = 'facts'")
        database.close()
        if found is None:
            raise BatchError("was prepared without its sums")
        _write(self._folder / f"{self.code(batch)}.json", found["content"])
        _LOG.info("a batch was prepared in %.1f s", time.monotonic() - begun)

    def compare(self, before: Batch, after: Batch) -> None:
        """Find out how customers moved between two prepared batches; raises as :meth:`prepare`."""
        files = [str(self.database(each).absolute()) for each in (before, after)]
        said = self._run(["churn_marketing.store.movement", *files], "")
        _write(self._comparison(before, after), said)

    def stop(self) -> None:
        """End what is being made, and make nothing more."""
        self._stopped = True
        child = self._child
        if child is not None:
            child.kill()

    def clear(self, kept: Iterable[Batch], opened: Iterable[Batch]) -> None:
        """Remove what was made of other batches, and the files of those that are not to be opened."""
        codes, files = {self.code(each) for each in kept}, {self.database(each).name for each in opened}
        for path in self._folder.iterdir():
            is_file = path.suffix in (".duckdb", ".wal")
            if path.name.lstrip(".")[:16] not in codes or (is_file and path.name.removesuffix(".wal") not in files):
                path.unlink(missing_ok=True)

    def _comparison(self, before: Batch, after: Batch) -> Path:
        return self._folder / f"{self.code(after)}.from-{self.code(before)}.json"

    def _run(self, command: list[str], given: str) -> str:
        if self._stopped:
            raise BatchError("the app is ending")
        self._child = subprocess.Popen(  # noqa: S603 - programs of ours
            [sys.executable, "-m", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self._child.pid, _NICENESS)
        said, problem = self._child.communicate(given)
        code = self._child.returncode
        if code:
            lines = problem.strip().splitlines()
            if code == 2 and lines:  # noqa: PLR2004 - bad input
                raise BatchError(lines[-1])
            raise BatchInterrupted(f"preparing it was interrupted ({code}); it is tried again in a few minutes")
        return said


def _document(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found


def _write(path: Path, content: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(content, encoding="utf-8")
    temporary.replace(path)
