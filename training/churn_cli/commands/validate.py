"""`churn validate`."""

import argparse
import json
from typing import Any

from churn_cli.terminal import answer, say, show
from churn_cli.training_command import read_labelled
from churn_data.dataset import Dataset
from churn_data.errors import DataError
from churn_data.local_files import local_copy
from churn_data.notices import Notice
from churn_model.mlflow_registry import MlflowRegistry, connect
from churn_model.usecase import load_usecase
from churn_training.comparison.champion_contest import CurrentChampion, fetch_champion
from churn_training.packaging.home import Home
from churn_training.packaging.keys import trusted_keys
from churn_training.runs.last_training import history_of
from churn_training.runs.tracking_server import wait_for_server
from churn_training.validation.faults import CHECKS, Fault, Validation
from churn_training.validation.validating import validate


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Say what is wrong with a file, and refuse it if anything is.

    Raises:
        DataError: it is refused; the text names the first fault, the lines before it all of them.
    """
    home, usecase = Home.from_environment(), load_usecase(options.usecase)
    with local_copy(options.data) as path:
        dataset = read_labelled(path, options.data, usecase, verbose=False)
        wait_for_server(home, say)
        champion = _champion(home, usecase.model_name)
        _require_known(options.accept, dataset, champion)
        found = validate(dataset, champion, options.accept)
    file = str(options.data)
    for fault in found.accepted:
        say(f"{_error(file, fault)} (accepted)")
    document = _document(file, dataset, found)
    if found.faults:
        _refuse(options, file, found.faults, document)
    beside = f"beside version {found.against}, the champion" if found.against else found.remark
    show(f"{file}: {len(dataset):,} rows may be trained on; {beside}", options)
    return document


def _champion(home: Home, name: str) -> CurrentChampion:
    client = connect(home.tracking_uri)
    if history_of(client, name).training is None:  # there need be no keys yet
        return CurrentChampion(None, None)
    return fetch_champion(MlflowRegistry(client), name, trusted_keys(home))


def _require_known(names: list[str], dataset: Dataset, champion: CurrentChampion) -> None:
    """A name that nothing has accepts nothing, and whoever gave it believes otherwise."""
    usecase = dataset.usecase
    known = {*CHECKS, *dataset.frame.columns, usecase.id, usecase.label.column}
    known |= {notice.column for notice in dataset.notices if notice.column is not None}
    known |= {usecase.time.snapshot} if usecase.time else set()
    known |= set(champion.package.manifest.schema.names) if champion.package is not None else set()
    for name in names:
        if name not in known:
            raise DataError("--accept", f'"{name}" is neither a column nor one of {", ".join(CHECKS)}')


def _refuse(options: argparse.Namespace, file: str, faults: tuple[Fault, ...], document: dict[str, Any]) -> None:
    for fault in faults[1:]:
        say(f"churn: {_error(file, fault)}")
    if options.json:
        answer(json.dumps(document))
    first = faults[0]
    name = first.column or first.check
    raise _error(file, first, f'; --accept "{name}" trains on it all the same, once somebody has looked')


def _error(file: str, fault: Fault, more: str = "") -> DataError:
    return DataError(file, f"{fault.problem}{more}", column=fault.column, row=fault.row)


def _document(file: str, dataset: Dataset, found: Validation) -> dict[str, Any]:
    return {
        "data": file,
        "sha256": dataset.source.sha256,
        "rows": len(dataset),
        "customers": dataset.customer_count,
        "churn_rate": dataset.churn_rate,
        "passed": not found.faults,
        "against": found.against or None,
        "remark": found.remark or None,
        "faults": [_told(fault) for fault in found.faults],
        "accepted": [_told(fault) for fault in found.accepted],
        "notices": [_noticed(notice) for notice in dataset.notices],
    }


def _told(fault: Fault) -> dict[str, Any]:
    return {"check": fault.check, "column": fault.column, "row": fault.row, "problem": fault.problem}


def _noticed(notice: Notice) -> dict[str, Any]:
    return {"kind": notice.kind, "column": notice.column, "text": notice.text}
