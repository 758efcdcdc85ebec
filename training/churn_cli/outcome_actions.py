"""What `churn outcomes` does: one function an action."""

import argparse
import threading
from contextlib import ExitStack, suppress
from datetime import date
from pathlib import Path
from typing import Any

from churn_cli.log_actions import places_of
from churn_cli.terminal import say, show
from churn_data.errors import DataError, Unavailable
from churn_data.local_files import local_copy
from churn_data.progress import reporting
from churn_model.prediction_log.pseudonyms import read_pseudonym_keys
from churn_model.usecase import load_usecase
from churn_monitoring.outcomes.archive import keep
from churn_monitoring.outcomes.database import Limits
from churn_monitoring.outcomes.documents import report_json, report_text
from churn_monitoring.outcomes.labels import LabelColumns
from churn_monitoring.outcomes.loading import load_labels
from churn_monitoring.outcomes.metrics import write_loaded, write_report
from churn_monitoring.outcomes.page import write_page
from churn_monitoring.outcomes.question import horizon_days, month_of
from churn_monitoring.outcomes.report import Arms, Asked, report
from churn_monitoring.outcomes.shown import ShownReport
from churn_monitoring.prediction_log.store import Store
from churn_monitoring.scraping import answer_scrapers


def load(options: argparse.Namespace) -> dict[str, Any]:
    """Keep what a file of labels adds to what is known."""
    usecase, places = load_usecase(options.usecase), places_of(options)
    keys = read_pseudonym_keys(places.keys)
    columns = LabelColumns(options.date_column, options.outcome_on)
    limits = Limits(options.memory, options.threads)
    with local_copy(options.labels) as path, reporting() as reporter:
        reporter.now("reading labels")
        loaded = load_labels(path, usecase, columns, keys, Store(places.store), limits)
    if options.metrics:
        write_loaded(loaded, usecase.name, options.metrics)
    show(loaded.text(), options)
    return {"file": str(options.labels), "store": str(places.store), **loaded.to_json()}


def make_report(options: argparse.Namespace) -> dict[str, Any]:
    """Say how good the answers of a period were."""
    usecase, places = load_usecase(options.usecase), places_of(options)
    days = _days(options)
    with ExitStack() as stack:
        arms = None
        if options.arms:
            file: Path = stack.enter_context(local_copy(options.arms))
            arms = Arms(file, read_pseudonym_keys(places.keys))
        reporter = stack.enter_context(reporting())
        reporter.now("joining answers and outcomes")
        horizon = horizon_days(*options.horizon) if options.horizon else None
        asked = Asked(days, options.as_of, arms, horizon)
        made = report(usecase, Store(places.store), asked, Limits(options.memory, options.threads))
    if options.metrics:
        write_report(made, options.metrics)
    if options.html:
        write_page(made, options.html)
    if options.into:
        keep(made, Store(options.into))
    show(report_text(made), options)
    return report_json(made)


def show_last(options: argparse.Namespace, told_to_end: threading.Event) -> dict[str, Any]:
    """Show the last report that is kept, and the next one when it is there, until told to end; trouble is said once."""
    shown = ShownReport(Store(options.folder), load_usecase(options.usecase).name)
    try:
        answer_scrapers(shown.registry, options.metrics_host, options.metrics_port)
    except OSError as error:
        raise DataError(f"--metrics-port {options.metrics_port}", f"{error.strerror}") from None
    said = ""
    with suppress(KeyboardInterrupt):
        while not told_to_end.is_set():
            try:
                shown.look()
            except (DataError, Unavailable) as error:
                shown.failed()
                trouble = f"{error}; trying again"
            else:
                trouble = ""
            if trouble and trouble != said:
                say(trouble)
            said = trouble
            told_to_end.wait(max(options.every, 1.0))
    return {"folder": str(options.folder), "report": shown.there}


def _days(options: argparse.Namespace) -> tuple[date, date] | None:
    if options.month and (options.first or options.last):
        raise DataError("--month", "says the days already, --from and --until do too")
    if options.month:
        return month_of(*options.month)
    if bool(options.first) != bool(options.last):
        raise DataError("--from, --until", "go together")
    return (options.first, options.last) if options.first else None
