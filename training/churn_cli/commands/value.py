"""`churn value --data LABELLED --out ANSWERS`."""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pandas

from churn_campaigns.lifetime.agreement import Group, agreement, agreement_json, agreement_text
from churn_campaigns.lifetime.answers import columns_of, judged_json, means_json, text_of
from churn_campaigns.lifetime.customers import Current, Labelled, read_current, read_labelled
from churn_campaigns.lifetime.model import TimeModel, learn
from churn_campaigns.lifetime.observation import time_rule, window_months
from churn_campaigns.lifetime.outlook import Outlook
from churn_cli.scoring_package import champion_or_none, open_named
from churn_cli.terminal import say, show
from churn_data.dataset import Dataset, rows_of
from churn_data.errors import DataError
from churn_data.local_files import is_replaced, local_copy, upload_after
from churn_data.progress import reporting
from churn_data.written_files import require_ending, write_table
from churn_model.package import Package
from churn_model.usecase import UseCase, load_usecase


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Learn when customers leave, and answer for those who are still there."""
    started = time.perf_counter()
    require_ending(Path(str(options.out)))
    replaced = is_replaced(options.out)
    usecase = load_usecase(options.usecase)
    window_months(usecase)
    usecase.required_value()
    if options.horizon < 1:
        raise DataError("--horizon", f"is {options.horizon}, at least 1 month was expected")
    package = champion_or_none(usecase.model_name) if options.model is None else open_named(options.model)
    with upload_after(options.out) as target, reporting() as reporter:
        _require_another_file(target, options)
        reporter.now("reading customers")
        labelled, current = _read(options, usecase, reporter.note)
        reporter.now(f"learning when {len(labelled.dataset)} customers leave")
        model = learn(labelled, options.seed)
        for line in model.notes:
            reporter.note(line)
        reporter.now(f"answering for {len(current.ids)} customers")
        outlook, known = model.outlook(current.frame, options.horizon, options.seed)
        write_table(target, columns_of(current.ids, known, outlook))
    unknown = int((~known).sum())
    if unknown:
        say(f"{unknown} customers have no known duration: their cells are empty")
    groups = [] if package is None else _agreement(package, model, outlook, current.frame[known])
    result = {
        "file": str(options.out),
        "replaced": replaced,
        "customers": len(current.ids),
        "without_duration": unknown,
        **_learned(model, labelled.dataset),
        "horizon": options.horizon,
        "value_months": usecase.required_value().months,
        "window_months": model.window,
        **means_json(outlook),
        "churn_model": None if package is None or not groups else package.manifest.version,
        "agreement": agreement_json(groups),
        "simulated": labelled.dataset.source.simulated,
        "seconds": round(time.perf_counter() - started, 3),
    }
    lines = [text_of(result, model.selection)]
    if package is not None and groups and model.window is not None:
        lines += agreement_text(groups, model.window, f"{package.manifest.name} version {package.manifest.version}")
    show("\n".join(lines), options)
    return result


def _agreement(package: Package, model: TimeModel, outlook: Outlook, frame: pandas.DataFrame) -> list[Group]:
    """The churn model beside the curves, where its features are in the file."""
    names = list(package.manifest.schema.names)
    if not set(names) <= set(frame.columns):
        say(f"{package.manifest.name}: takes other features, so it is not held against the curves")
        return []
    probabilities, _ = package.scorer.score(rows_of(frame[names]))
    return agreement(numpy.array(probabilities), model.clock.months(frame[model.clock.rule.column]), outlook)


def _learned(model: TimeModel, dataset: Dataset) -> dict[str, Any]:
    return {
        "learned_from": model.learned_from,
        "left": int(dataset.churned.sum()),
        "family": model.selection.judged[0].family.name,
        "families": [
            judged_json(judged, member.weight)
            for judged, member in zip(model.selection.judged, model.selection.members, strict=True)
        ],
        "not_used": list(model.covariates.left_out),
    }


def _require_another_file(target: Path, options: argparse.Namespace) -> None:
    for place in (options.data, options.customers):
        if isinstance(place, Path) and place.exists() and target.exists() and target.samefile(place):
            raise DataError(str(target), "is the input too, another output file was expected")


def _read(options: argparse.Namespace, usecase: UseCase, notice: Callable[[str], None]) -> tuple[Labelled, Current]:
    with local_copy(options.data) as path:
        labelled = read_labelled(path, usecase, notice)
        dataset = labelled.dataset
        if options.customers is None:
            current = read_current(path, dataset.usecase, dataset.churned == 0)
    if options.customers is not None:
        with local_copy(options.customers) as path:
            current = read_current(path, dataset.usecase)
    if not numpy.any(current.frame[time_rule(usecase).column].notna()):
        raise DataError(str(options.customers or options.data), "no customer has a known duration")
    return labelled, current
