"""What `churn outcomes` does: one function an action."""

import argparse
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

from churn_cli.log_actions import places_of
from churn_cli.terminal import show
from churn_data.errors import DataError
from churn_data.local_files import local_copy
from churn_data.progress import reporting
from churn_model.prediction_log.pseudonyms import read_pseudonym_keys
from churn_model.usecase import load_usecase
from churn_monitoring.outcomes.database import Limits
from churn_monitoring.outcomes.documents import report_json, report_text
from churn_monitoring.outcomes.labels import LabelColumns
from churn_monitoring.outcomes.loading import load_labels
from churn_monitoring.outcomes.metrics import write_loaded, write_report
from churn_monitoring.outcomes.page import write_page
from churn_monitoring.outcomes.question import horizon_days, month_of
from churn_monitoring.outcomes.report import Arms, Asked, report
from churn_monitoring.prediction_log.store import Store


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
    show(report_text(made), options)
    return report_json(made)


def _days(options: argparse.Namespace) -> tuple[date, date] | None:
    if options.month and (options.first or options.last):
        raise DataError("--month", "says the days already, --from and --until do too")
    if options.month:
        return month_of(*options.month)
    if bool(options.first) != bool(options.last):
        raise DataError("--from, --until", "go together")
    return (options.first, options.last) if options.first else None
