"""Gathers what may ask for a training: drift as the watch remembers it, outcomes that came, the last report's money.

Nothing is counted anew and nothing is written, so anybody may ask at any time. It must not decide anything.
"""

import argparse
import hashlib
from datetime import datetime
from typing import Any

from churn_cli.log_actions import places_of
from churn_data.errors import DataError
from churn_data.local_files import local_copy
from churn_model.package import Package
from churn_model.usecase import UseCase
from churn_monitoring.drift.check import DriftCheck
from churn_monitoring.drift.report import report_of, sentence
from churn_monitoring.drift.watch import Promise
from churn_monitoring.outcomes.archive import last_report
from churn_monitoring.outcomes.database import Limits
from churn_monitoring.outcomes.new_labels import new_labels
from churn_monitoring.prediction_log.store import Store
from churn_training.comparison.champion_contest import CurrentChampion
from churn_training.retraining.triggers import Seen, Sign, Training

_LITTLE = 0.2
"""A model may earn less than it promised by this share of the promise: the same as the alert that tells people."""


def signs_of(options: argparse.Namespace, usecase: UseCase, champion: CurrentChampion, last: Training | None) -> Seen:
    """What there is to see of the use case's champion.

    Raises:
        DataError, Unavailable: a store cannot be asked, or what it holds is not what it should be.
    """
    unknown: dict[str, str] = {}
    store = Store(places_of(options).store)
    drift = _drift(options, champion, store, unknown)
    labels = new_labels(store, usecase.name, None if last is None else last.began, Limits()) if options.labels else 0
    if labels is None:
        unknown["labels"] = "nobody has loaded any: churn outcomes load LABELS"
    profit = _profit(options, usecase, champion, unknown)
    return Seen(drift, labels, profit, unknown, "" if options.data is None else _digest(options))


def _drift(
    options: argparse.Namespace, champion: CurrentChampion, store: Store, unknown: dict[str, str]
) -> list[Sign] | None:
    if champion.package is None:
        unknown["drift"] = champion.problem or "there is no champion"
        return None
    package: Package = champion.package
    check = DriftCheck(store, package.digest, package.manifest, Promise(options.false_alarms, options.tolerance))
    if not check.recall():
        looked = "its package does not know its customers" if check.watch is None else "no drift watch has looked at it"
        unknown["drift"] = f"version {package.manifest.version}: {looked}"
        return None
    assert check.watch is not None  # noqa: S101 - it was recalled
    drifted = report_of(check.watch)["drifted"]
    return [Sign(datetime.fromisoformat(each["found"]), sentence(each)) for each in drifted]


def _profit(
    options: argparse.Namespace, usecase: UseCase, champion: CurrentChampion, unknown: dict[str, str]
) -> list[Sign] | None:
    problem = ""
    found = None if options.reports is None else last_report(usecase.name, Store(options.reports))
    if options.reports is None:
        problem = "--reports does not say where reports on outcomes are kept"
    elif found is None:
        problem = f"{options.reports} holds no report on outcomes of {usecase.name}"
    elif champion.package is None:
        problem = champion.problem or "there is no champion"
    if problem or found is None or champion.package is None:
        unknown["profit"] = problem
        return None
    name, document = found
    try:
        signs = lost_profit(document, champion.package.digest)
    except (KeyError, TypeError, ValueError, IndexError):
        raise DataError(f"{options.reports}/{name}", "is no report of churn outcomes report --into") from None
    if isinstance(signs, str):
        unknown["profit"] = signs
        return None
    return signs


def lost_profit(report: dict[str, Any], digest: str) -> list[Sign] | str:
    """Whether a model earns less than it promised: the interval of what its recommendations brought lies below what it
    had expected of them of the same customers, by more than a little.

    Args:
        report: of `churn outcomes report`, as JSON.
        digest: of the model's package.

    Returns:
        One sign or none; a text says why nothing can be said.
    """
    period = f"{report['first']} to {report['last']}"
    slices = next((each["slices"] for each in report["models"] if each["digest"] == digest), None)
    if not slices:
        return f"the report of {period} says nothing of this model"
    whole = next(each for each in slices if each["kind"] == "all")
    profit, expected = whole["profit"], whole["expected_profit"]
    if profit is None or expected is None or profit["upper"] is None:
        return f"the report of {period} knows no profit of this model"
    if not profit["upper"] < expected - _LITTLE * abs(expected):
        return []
    interval = f"{profit['lower']:+.3f} to {profit['upper']:+.3f}"
    words = f"a customer of {period} brought {profit['estimate']:+.3f} ({interval}), {expected:+.3f} was promised"
    return [Sign(datetime.fromisoformat(report["said_until"]), words)]


def _digest(options: argparse.Namespace) -> str:
    """Of the bytes of what would be trained on."""
    with local_copy(options.data) as path:
        try:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise DataError(str(options.data), f"cannot be read ({error.strerror})") from None
