"""The batches as pages see them: the newest that is whole, prepared and open, with those before it for comparison.

A thread looks for new batches and has each prepared, the newest first; until that is done, what was shown before goes
on being shown. It must not know pages.
"""

import logging
import math
import os
import secrets
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from churn_marketing.errors import BatchError, BatchInterrupted
from churn_marketing.store.batches import Batch, Unfit, find_batches
from churn_marketing.store.database import Prepared
from churn_marketing.store.fields import Meaning
from churn_marketing.store.served_model import ServedModel
from churn_marketing.store.workshop import Workshop

_LOG = logging.getLogger("churn_marketing.store")
_PAUSE_SECONDS = 2.0
_SECRET_BYTES = 32
_AGAIN_SECONDS = 120.0
"""After what made a batch was killed; it takes a processor, so not at once."""
_COMPARED = 2
MOST_BATCHES = 12
"""Batches that a trend goes back over."""


@dataclass(frozen=True)
class Known:
    """A batch with what it comes to."""

    batch: Batch
    facts: dict[str, Any]


@dataclass(frozen=True)
class Current:
    """The batch that pages show, open. ``code`` is another wherever anything that it was made of is."""

    code: str
    batch: Batch
    facts: dict[str, Any]
    database: Prepared

    def age(self, now: float) -> float:
        """Seconds since it was written."""
        return max(0.0, now - self.batch.written)


@dataclass(frozen=True)
class Snapshot:
    """What there is at a moment; ``earlier`` the newest first; ``movement`` is from the first of these. ``preparing``
    names a batch that is on its way."""

    current: Current | None = None
    earlier: tuple[Known, ...] = ()
    movement: dict[str, Any] | None = None
    unfit: tuple[Unfit, ...] = ()
    preparing: str = ""


@dataclass(frozen=True)
class _Refusal:
    """Why a batch is not shown, ``until`` (by the clock that only goes forward) it is tried again."""

    problem: str
    until: float


class Library:
    """Looks after batches; safe to use from many threads."""

    def __init__(
        self,
        folder: Path,
        customers: Path,
        prepared: Path,
        model: ServedModel,
        verify_key: Path,
        meaning: Meaning,
    ) -> None:
        self.folder, self.customers = folder, customers
        self.secret = _secret(prepared.parent / "customer-keys")
        self._workshop = Workshop(prepared, model, verify_key, meaning, self.secret)
        self._snapshot = Snapshot()
        self._refused: dict[str, _Refusal] = {}
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def snapshot(self) -> Snapshot:
        """What there is now; whole in itself, however long somebody holds it."""
        return self._snapshot

    def start(self) -> None:
        """Look for batches from now on."""
        self._thread = threading.Thread(target=self._watch, name="batches", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more, and end what is being prepared."""
        self._stopped.set()
        self._workshop.stop()
        if self._thread is not None:
            self._thread.join(10)

    def _watch(self) -> None:
        while not self._stopped.is_set():
            try:
                while self._look():
                    pass
            except Exception as error:  # noqa: BLE001 - the next look may do better, and pages show what they showed
                kind = type(error).__name__
                _LOG.warning("batches could not be looked at: %s", kind, exc_info=_LOG.isEnabledFor(logging.DEBUG))
            self._stopped.wait(_PAUSE_SECONDS)

    def _look(self) -> bool:
        """Show what there is and make one thing that is missing; whether there may be more to do."""
        batches, unfit = find_batches(self.folder, self.customers)
        pairs = [(each, self._problem(each)) for each in batches]
        unfit += [Unfit(each.name, problem) for each, problem in pairs if problem]
        fit = [each for each, problem in pairs if not problem][:MOST_BATCHES]
        self._show(fit, tuple(unfit))
        new = next((each for place, each in enumerate(fit) if not self._is_made(each, place)), None)
        if self._stopped.is_set():
            return False
        if new is not None:
            self._snapshot = replace(self._snapshot, preparing=new.name)
            self._prepare(new)
            return True
        if len(fit) >= _COMPARED and self._workshop.movement(fit[1], fit[0]) is None:
            self._workshop.compare(fit[1], fit[0])
            return True
        self._snapshot = replace(self._snapshot, preparing="")
        self._workshop.clear(fit, fit[:_COMPARED])
        return False

    def _is_made(self, batch: Batch, place: int) -> bool:
        """Whether all is there that is needed of a batch: its sums, and its file while it is shown or compared."""
        has_file = place >= _COMPARED or self._workshop.database(batch).exists()
        return has_file and self._workshop.facts(batch) is not None

    def _show(self, fit: list[Batch], unfit: tuple[Unfit, ...]) -> None:
        known = [Known(each, facts) for each in fit if (facts := self._workshop.facts(each)) is not None]
        opened = next((each for each in known if self._workshop.database(each.batch).exists()), None)
        if opened is None:
            self._snapshot = Snapshot(unfit=unfit, preparing=self._snapshot.preparing)
            return
        current, code = self._snapshot.current, self._workshop.code(opened.batch)
        if current is None or current.code != code:
            current = Current(code, opened.batch, opened.facts, Prepared(self._workshop.database(opened.batch)))
            _LOG.info("showing a batch of %d customers", opened.facts["total"]["customers"])
        earlier = tuple(each for each in known if each.batch.written < opened.batch.written)
        movement = self._workshop.movement(earlier[0].batch, opened.batch) if earlier else None
        self._snapshot = Snapshot(current, earlier, movement, unfit, self._snapshot.preparing)

    def _prepare(self, batch: Batch) -> None:
        try:
            self._workshop.prepare(batch)
        except BatchError as error:
            if not self._stopped.is_set():
                wait = _AGAIN_SECONDS if isinstance(error, BatchInterrupted) else math.inf
                self._refused[self._workshop.code(batch)] = _Refusal(str(error), time.monotonic() + wait)
                _LOG.warning("a batch cannot be shown")

    def _problem(self, batch: Batch) -> str:
        """Why a batch cannot be shown, empty if it is to be tried."""
        refusal = self._refused.get(self._workshop.code(batch))
        return refusal.problem if refusal is not None and time.monotonic() < refusal.until else ""


def _secret(path: Path) -> bytes:
    """What customers' keys are made with, made once."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        made = secrets.token_bytes(_SECRET_BYTES)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(made)
        return made
