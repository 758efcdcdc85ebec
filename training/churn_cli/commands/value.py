"""`churn value --data LABELLED --out ANSWERS`."""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy

from churn_campaigns.lifetime.answers import columns_of, judged_json, text_of
from churn_campaigns.lifetime.customers import Current, read_current, read_labelled, time_rule
from churn_campaigns.lifetime.model import TimeModel, learn
from churn_cli.terminal import say, show
from churn_data.dataset import Dataset
from churn_data.errors import DataError
from churn_data.local_files import local_copy, upload_after
from churn_data.progress import reporting
from churn_data.written_files import write_table
from churn_model.usecase import UseCase, load_usecase


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Learn when customers leave, and answer for those who are still there."""
    started = time.perf_counter()
    usecase = load_usecase(options.usecase)
    time_rule(usecase)
    if options.horizon < 1:
        raise DataError("--horizon", f"is {options.horizon}, at least 1 month was expected")
    with upload_after(options.out) as target, reporting() as reporter:
        _require_another_file(target, options)
        reporter.now("reading customers")
        dataset, current = _read(options, usecase, reporter.note)
        reporter.now(f"learning when {len(dataset)} customers leave")
        model = learn(dataset, options.seed)
        for line in model.notes:
            reporter.note(line)
        reporter.now(f"answering for {len(current.ids)} customers")
        outlook, known = model.outlook(current.frame, options.horizon, options.seed)
        write_table(target, columns_of(current.ids, known, outlook))
    unknown = int((~known).sum())
    if unknown:
        say(f"{unknown} customers have no known duration: their cells are empty")
    result = {
        "file": str(options.out),
        "customers": len(current.ids),
        "without_duration": unknown,
        **_learned(model, dataset),
        "horizon": options.horizon,
        "value_months": usecase.value.months,
        **{
            name: float(getattr(outlook, name).value.mean())
            for name in ("months_left", "leaves_within_12_months", "lifetime_value")
        },
        "simulated": dataset.source.simulated,
        "seconds": round(time.perf_counter() - started, 3),
    }
    show(text_of(result, model.selection), options)
    return result


def _learned(model: TimeModel, dataset: Dataset) -> dict[str, Any]:
    return {
        "learned_from": model.learned_from,
        "left": int(dataset.churned.sum()),
        "family": model.fitted.family.name,
        "families": [judged_json(judged) for judged in model.selection.judged],
        "not_used": list(model.covariates.left_out),
    }


def _require_another_file(target: Path, options: argparse.Namespace) -> None:
    for place in (options.data, options.customers):
        if isinstance(place, Path) and place.exists() and target.exists() and target.samefile(place):
            raise DataError(str(target), "is the input too, another output file was expected")


def _read(options: argparse.Namespace, usecase: UseCase, notice: Callable[[str], None]) -> tuple[Dataset, Current]:
    with local_copy(options.data) as path:
        dataset = read_labelled(path, usecase, notice)
        if options.customers is None:
            current = read_current(path, dataset.usecase).take(dataset.churned == 0)
    if options.customers is not None:
        with local_copy(options.customers) as path:
            current = read_current(path, dataset.usecase)
    if not numpy.any(current.frame[time_rule(usecase).column].notna()):
        raise DataError(str(options.customers or options.data), "no customer has a known duration")
    return dataset, current
