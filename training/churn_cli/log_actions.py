"""What `churn log` does: one function an action."""

import argparse
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from churn_cli.terminal import say, show
from churn_data.errors import DataError, Failure
from churn_data.locations import Location, location
from churn_data.progress import reporting
from churn_model.plurals import counted
from churn_model.prediction_log.pseudonyms import add_pseudonym_key, read_pseudonym_keys
from churn_model.spelling import canonical
from churn_monitoring.prediction_log.changes import erase, retain, tables_of
from churn_monitoring.prediction_log.finding import Row, find
from churn_monitoring.prediction_log.metrics import ShipperMetrics
from churn_monitoring.prediction_log.segments import waiting
from churn_monitoring.prediction_log.shipper import Shipper, ShipperSettings
from churn_monitoring.prediction_log.store import Store
from churn_monitoring.scraping import answer_scrapers
from churn_training.packaging.home import Home


class Places(NamedTuple):
    """Where things are, as options, environment and the home of this machine say."""

    segments: Path
    store: Location
    keys: Path


def act(options: argparse.Namespace, told_to_end: threading.Event) -> dict[str, Any]:
    """Run the action that was asked for; one that stays ends some time after it is told to."""
    places = places_of(options)
    if options.action == "ship":
        return _ship(options, places, told_to_end)
    actions: dict[str, Callable[[argparse.Namespace, Places], dict[str, Any]]] = {
        "status": _status, "find": _find, "retain": _retain, "erase": _erase, "new-key": _new_key,
    }  # fmt: skip
    return actions[options.action](options, places)


def places_of(options: argparse.Namespace) -> Places:
    """Where segments, tables and keys are."""
    home = Home.from_environment().path
    segments = os.environ.get("CHURN_GATEWAY_PREDICTION_LOG") or home / "predictions" / "segments"
    store = os.environ.get("CHURN_PREDICTION_LOG_STORE") or str(home / "predictions" / "log")
    keys = os.environ.get("CHURN_GATEWAY_PREDICTION_LOG_KEYS") or home / "keys" / "prediction-log.json"
    return Places(
        getattr(options, "segments", None) or Path(segments),
        getattr(options, "store", None) or location(store),
        getattr(options, "keys", None) or Path(keys),
    )


def _ship(options: argparse.Namespace, places: Places, told_to_end: threading.Event) -> dict[str, Any]:
    metrics = ShipperMetrics()
    settings = ShipperSettings(options.every, options.grace, options.give_way)
    shipper = Shipper(places.segments, Store(places.store, impatient=not options.once), settings, metrics, say)
    if options.metrics_port:
        try:
            answer_scrapers(metrics.registry, options.metrics_host, options.metrics_port)
        except OSError as error:
            raise DataError(f"--metrics-port {options.metrics_port}", f"{error.strerror}") from None
    if options.once:
        shipped = shipper.once()
    else:
        say(f"taking what lies in {places.segments} to {places.store}")
        with suppress(KeyboardInterrupt):
            shipper.run(told_to_end)
        shipped = shipper.finish()
    if shipped.problem:
        have = "stays" if shipped.left == 1 else "stay"
        stay = f"{counted(shipped.left, 'segment')} {have} in {places.segments}: " if shipped.left else ""
        raise Failure(f"{stay}{shipped.problem}")
    show(f"{counted(shipped.rows, 'record')} of {counted(shipped.segments, 'segment')} are in {places.store}", options)
    return {"segments": shipped.segments, "rows": shipped.rows, "store": str(places.store)}


def _status(options: argparse.Namespace, places: Places) -> dict[str, Any]:
    found = waiting(places.segments)
    tables = tables_of(Store(places.store))
    days = [day for _, day in tables]
    keys = [key.id for key in read_pseudonym_keys(places.keys)] if places.keys.exists() else []
    now = datetime.now(UTC).timestamp()
    oldest = max((now - written for segment in found.done if (written := segment.written())), default=0.0)
    status = {
        "segments": {
            "folder": str(places.segments), "waiting": len(found.done), "oldest_seconds": round(max(oldest, 0.0), 1),
            "open_bytes": found.open_bytes, "writers": found.living,
        },
        "store": {
            "place": str(places.store), "tables": len(tables), "first": str(min(days)) if days else None,
            "last": str(max(days)) if days else None,
        },
        "keys": keys,
    }  # fmt: skip
    period = f", of {min(days)} to {max(days)}" if days else ""
    waits = f"(the oldest for {max(oldest, 0.0):.0f} s)"
    show(
        f"{counted(len(found.done), 'segment')} waiting in {places.segments} {waits}, "
        f"{found.open_bytes} bytes are being written by {counted(found.living, 'process', 'processes')}\n"
        f"{counted(len(tables), 'table')} in {places.store}{period}\n"
        f"keys: {', '.join(keys) or 'none'}",
        options,
    )
    return status


def _retain(options: argparse.Namespace, places: Places) -> dict[str, Any]:
    gone = retain(Store(places.store), options.days, datetime.now(UTC).date())
    show(f"{counted(gone.files, 'table')} of more than {options.days} days ago gone from {places.store}", options)
    return {"tables": gone.files, "erasures": gone.erasures, "days": options.days}


def _find(options: argparse.Namespace, places: Places) -> dict[str, Any]:
    keys = read_pseudonym_keys(places.keys)
    with _looking() as advance:
        kept = find(Store(places.store), options.customer, keys, advance)
    lines = [
        f"{counted(len(kept.answers), 'answer')} about the customer in {places.store}:",
        *map(_answer, kept.answers),
    ]
    if not kept.answers:
        lines = [f"no answer about the customer is kept in {places.store} (keys: {', '.join(key.id for key in keys)})"]
    lines += [_outcome(each) for each in kept.outcomes]
    if kept.lists:
        lines.append(f"  in {counted(len(kept.lists), 'list')} of whom a month's answers were about")
    if on_the_way := len(waiting(places.segments).done):
        lines.append(f"{counted(on_the_way, 'segment')} not in it yet, nor looked at: ask again in a moment")
    show("\n".join(lines), options)
    return {**kept._asdict(), "keys": [key.id for key in keys], "segments_waiting": on_the_way}


def _answer(row: Row) -> str:
    """An answer in a line; `--json` has all of it, features too."""
    worth = "" if row["expected_value"] is None else f", {row['expected_value']:+.2f} expected"
    return (
        f"  {row['time'][:19].replace('T', ' ')} UTC: probability {row['churn_probability']:.3f}, "
        f"segment {row['segment']}, action {row['action'] or 'none'}{worth}; {row['model']} version {row['version']} "
        f"by {row['served_by']}, request {row['request_id']}"
    )


def _outcome(row: Row) -> str:
    what = "left on" if row["churned"] else "was seen to have stayed until"
    return f"  {row['time'][:10]}: somebody said that the customer {what} {row['outcome_on']}"


@contextmanager
def _looking() -> Iterator[Callable[[int, int], None]]:
    """Says which table is looked at: of a large log it takes a while."""
    with reporting(verbose=False) as reporter:
        yield lambda done, of: reporter.now(f"table {done + 1:,} of {of:,}")


def _erase(options: argparse.Namespace, places: Places) -> dict[str, Any]:
    if canonical(options.customer) is None:
        raise DataError("--customer", "is empty, the id of a customer was expected")
    keys = read_pseudonym_keys(places.keys)
    with _looking() as advance:
        gone = erase(Store(places.store), options.customer, keys, advance)
    show(
        f"{counted(gone.rows, 'record')} of the customer gone from {counted(gone.files, 'table')} (keys: "
        f"{', '.join(key.id for key in keys)}); what is not shipped yet will not be",
        options,
    )
    return {"rows": gone.rows, "tables": gone.files, "keys": [key.id for key in keys]}


def _new_key(options: argparse.Namespace, places: Places) -> dict[str, Any]:
    name = options.id or f"{datetime.now(UTC):%Y-%m-%d}"
    try:
        add_pseudonym_key(places.keys, name)
    except OSError as error:
        raise DataError(str(places.keys), f"cannot be written ({error.strerror})") from None
    show(f"customers are hashed with the key {name} from now on; {places.keys} holds it and the former ones", options)
    return {"key": name, "file": str(places.keys)}
