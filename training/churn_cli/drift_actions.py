"""What `churn drift` does: one function an action."""

import argparse
import json
import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from churn_cli.drift_condition import ConditionKeeper
from churn_cli.scoring_package import digest_now, open_named
from churn_cli.terminal import answer, say, show
from churn_data.errors import DataError, Failure, Unavailable
from churn_data.locations import ObjectLocation, location
from churn_model.errors import ChurnModelError, PackageError
from churn_monitoring.drift.check import DriftCheck
from churn_monitoring.drift.metrics import DriftMetrics
from churn_monitoring.drift.report import lines, report_of, sentence, unknown_report
from churn_monitoring.drift.watch import Promise
from churn_monitoring.prediction_log.store import Store
from churn_monitoring.scraping import answer_scrapers
from churn_training.packaging.home import Home

DRIFTED = 3
"""The exit code of a look that found one: neither success nor failure."""
_NO_PROFILE = (
    "its package was made before packages remembered how their customers were spread, so drift cannot be told; the "
    "next training remembers it"
)


class _Look:
    """One look after the other at a model's log, told to whom it concerns."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        package = open_named(options.model)
        self._digest = package.digest
        self.title = f"{package.manifest.name} {package.manifest.version}"
        self._store = _store(options)
        promise = Promise(options.false_alarms, options.tolerance, options.hold_days)
        self._check = DriftCheck(self._store, package.digest, package.manifest, promise)
        self._keeper = ConditionKeeper.of(options)
        self._named: set[str] = set()
        self.began: list[dict[str, Any]] = []
        if options.restart:
            self._check.forget()

    def once(self) -> dict[str, Any]:
        """Look, and return what is known then; `began` are the drifts that are new with it."""
        self.began = []
        looked = self._check.look()
        watch = self._check.watch
        report = unknown_report(_NO_PROFILE) if watch is None else report_of(watch)
        head = {"model": self.title, "digest": self._digest, "tables": looked.tables, "unreadable": looked.unreadable}
        document = {**head, **report}
        began = {drift.column for drift in looked.began}
        self.began = [drift for drift in document["drifted"] if drift["column"] in began]
        self._name(looked.unreadable)
        if self._keeper is not None:
            self._keeper.keep(document, self._digest)
        return document

    def _name(self, unreadable: Sequence[str]) -> None:
        for name in unreadable:
            if name not in self._named:
                say(f"{self._store.root}/{name}: is no table of the prediction log; it is left out")
        self._named.update(unreadable)

    def outdated(self) -> bool:
        """Whether another package is meant by now, as after a promotion."""
        return digest_now(self._options.model) not in (None, self._digest)

    def told(self, document: dict[str, Any]) -> str:
        """The document for people."""
        return lines(document, self.title)


def check(options: argparse.Namespace) -> dict[str, Any]:
    """Look once; a drift ends the command with an exit code of its own, after everything was said."""
    look = _Look(options)
    document = look.once()
    show(look.told(document), options)
    if not document["drift"]:
        return document
    if options.json:
        answer(json.dumps(document))
    raise Failure("; ".join(sentence(drift) for drift in document["drifted"]), exit_code=DRIFTED)


def watch(options: argparse.Namespace, told_to_end: threading.Event) -> dict[str, Any]:
    """Look again and again until told to end; what begins is said once."""
    metrics = DriftMetrics()
    if options.metrics_port:
        try:
            answer_scrapers(metrics.registry, options.metrics_host, options.metrics_port)
        except OSError as error:
            raise DataError(f"--metrics-port {options.metrics_port}", f"{error.strerror}") from None
    look: _Look | None = None
    document: dict[str, Any] = {}
    with suppress(KeyboardInterrupt):
        while not told_to_end.is_set():
            begun = time.monotonic()
            try:
                look = _present(look, options)
                document = look.once()
            except ChurnModelError as error:
                if not _may_pass(error, options):
                    raise
                metrics.failed()
                say(f"{error}; trying again")
            else:
                metrics.show(document)
                for drift in look.began:
                    say(f"drift: {sentence(drift)}")
            told_to_end.wait(max(options.every - (time.monotonic() - begun), 1.0))
    show(look.told(document) if look is not None and document else "nothing could be looked at", options)
    return document


def _may_pass(error: ChurnModelError, options: argparse.Namespace) -> bool:
    """Whether trying again may help. In object storage that holds of what is refused or not there, too: of a release
    that is just being made, where a model is still uploaded and rights are still given."""
    if isinstance(error, Failure):
        return isinstance(error, Unavailable)
    stored = isinstance(options.model, ObjectLocation) or isinstance(_store(options).root, ObjectLocation)
    return stored and isinstance(error, (DataError, PackageError))


def _present(look: _Look | None, options: argparse.Namespace) -> _Look:
    """A look at the log of the package that is meant now, the one there is if it is that."""
    if look is None:
        return _Look(options)
    return _renewed(look, options) if look.outdated() else look


def _renewed(look: _Look, options: argparse.Namespace) -> _Look:
    """A look at the log of the package that is meant now; the one there is where it cannot be opened yet."""
    options.restart = False  # that was of the first one
    try:
        renewed = _Look(options)
    except PackageError as error:
        say(f"{error}; trying again")
        return look
    say(f"{renewed.title} is watched from now on")
    return renewed


def _store(options: argparse.Namespace) -> Store:
    if options.store is not None:
        return Store(options.store)
    home = Home.from_environment().path
    return Store(location(os.environ.get("CHURN_PREDICTION_LOG_STORE") or str(home / "predictions" / "log")))
