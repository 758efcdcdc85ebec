"""What `churn drift` does: one function an action."""

import argparse
import json
import os
import threading
import time
from contextlib import suppress
from typing import Any

from churn_cli.drift_condition import ConditionKeeper
from churn_cli.scoring_package import open_named
from churn_cli.terminal import answer, say, show
from churn_data.errors import DataError, Failure, Unavailable
from churn_data.locations import location
from churn_model.package import Package
from churn_monitoring.drift.check import DriftCheck
from churn_monitoring.drift.metrics import DriftMetrics
from churn_monitoring.drift.report import lines, report_of, sentence, unknown_report
from churn_monitoring.drift.watch import Promise
from churn_monitoring.prediction_log.store import Store
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
        self._title = f"{package.manifest.name} {package.manifest.version}"
        self._store = _store(options)
        promise = Promise(options.false_alarms, options.tolerance, options.hold_days)
        self._check = _check(package, self._store, promise)
        self._keeper = ConditionKeeper.of(options)
        self.unreadable: list[str] = []
        if options.restart:
            self._check.forget()

    def once(self) -> dict[str, Any]:
        """Look, and return what is known then; what began is said."""
        looked = self._check.look()
        watch, self.unreadable = self._check.watch, looked.unreadable
        report = unknown_report(_NO_PROFILE) if watch is None else report_of(watch)
        for name in self.unreadable:
            say(f"{self._store.root}/{name}: is no table of the prediction log; it is left out")
        head = {"model": self._title, "digest": self._digest, "tables": looked.tables, "unreadable": self.unreadable}
        document = {**head, **report}
        if self._keeper is not None:
            self._keeper.keep(document, self._digest)
        began = {drift.column for drift in looked.began}
        self.began = [drift for drift in document["drifted"] if drift["column"] in began]
        return document

    def told(self, document: dict[str, Any]) -> str:
        """The document for people."""
        return lines(document, self._title)


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
            metrics.serve(options.metrics_host, options.metrics_port)
        except OSError as error:
            raise DataError(f"--metrics-port {options.metrics_port}", f"{error.strerror}") from None
    look = _Look(options)
    document: dict[str, Any] = {}
    with suppress(KeyboardInterrupt):
        while not told_to_end.is_set():
            begun = time.monotonic()
            try:
                document = look.once()
            except Unavailable as error:
                metrics.failed()
                say(f"{error}; trying again")
            else:
                metrics.show(document, len(look.unreadable))
                for drift in look.began:
                    say(f"drift: {sentence(drift)}")
            told_to_end.wait(max(options.every - (time.monotonic() - begun), 1.0))
    show(look.told(document) if document else "nothing could be looked at", options)
    return document


def _check(package: Package, store: Store, promise: Promise) -> DriftCheck:
    return DriftCheck(store, package.digest, package.manifest, promise)


def _store(options: argparse.Namespace) -> Store:
    if options.store is not None:
        return Store(options.store)
    home = Home.from_environment().path
    return Store(location(os.environ.get("CHURN_PREDICTION_LOG_STORE") or str(home / "predictions" / "log")))
