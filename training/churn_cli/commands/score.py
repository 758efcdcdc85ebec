"""`churn score IN OUT`."""

import argparse
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from churn_cli.batch import score_file
from churn_cli.scoring_package import open_champion, open_named
from churn_cli.sharding import FolderScoring, require_apart, shard_of
from churn_cli.terminal import show, written
from churn_data.arrow_files import require_table_name
from churn_data.errors import DataError
from churn_data.file_kinds import kind_of
from churn_data.local_files import is_replaced, local_copy, upload_after
from churn_data.notices import Notices
from churn_data.progress import reporting
from churn_data.tables import open_table
from churn_model.package import Package
from churn_model.rules import Label
from churn_model.usecase import load_usecase


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Score a file, or a share of a folder's files, here or in a Job, with a package or the use case's champion."""
    started = time.perf_counter()
    if options.on_cluster:
        from churn_cli.cluster_scoring import score_on_cluster

        return score_on_cluster(options)
    _refuse_cluster_options(options)
    if options.shard is not None:
        return _shard(options, started)
    require_table_name(Path(str(options.output)))
    replaced = is_replaced(options.output)
    package, missing, label = _package(options)
    manifest = package.manifest
    with (
        local_copy(options.input) as source,
        upload_after(options.output) as target,
        reporting(_row_count(source)) as reporter,
    ):
        reporter.now(f"scoring with {manifest.name} version {manifest.version}")
        notices = Notices(str(options.input), reporter.note)
        scored = score_file(package, source, target, missing, reporter.advance, notices, label=label)
    seconds = time.perf_counter() - started
    simulated = ", a model of simulated customers" if manifest.training_data.simulated else ""
    show(
        f"{written(options.output, replaced=replaced)}: {scored.rows} rows by {manifest.name} version "
        f"{manifest.version}{simulated}, {seconds:.1f} s",
        options,
    )
    model = {"name": manifest.name, "version": manifest.version, "digest": package.digest}
    return {
        "file": str(options.output),
        "replaced": replaced,
        "rows": scored.rows,
        "seconds": round(seconds, 3),
        "unseen": scored.unseen,
        "missing": scored.missing,
        "model": model,
        "simulated": manifest.training_data.simulated,
    }


def _refuse_cluster_options(options: argparse.Namespace) -> None:
    for name in ("shards", "parallelism"):
        if getattr(options, name) is not None:
            raise DataError(f"--{name}", "is for --on-cluster; here --shard I/N scores a share")


def _shard(options: argparse.Namespace, started: float) -> dict[str, Any]:
    shard = shard_of(options.shard)
    require_apart(options.input, options.output)
    package, missing, _ = _package(options)
    manifest = package.manifest
    with reporting() as reporter:
        done = FolderScoring(package, options.output, options.format, tuple(missing), reporter)
        done.score(options.input, shard)
    seconds = time.perf_counter() - started
    show(
        f"{options.output}: {done.rows} rows of shard {shard.index} of {shard.count} by {manifest.name} version "
        f"{manifest.version}, {done.scored} files written, {done.reused} were there, {seconds:.1f} s",
        options,
    )
    return {
        "folder": str(options.output),
        "shard": {"index": shard.index, "count": shard.count},
        "written": done.scored,
        "reused": done.reused,
        "rows": done.rows,
        "seconds": round(seconds, 3),
        "unseen": dict(done.unseen),
        "missing": dict(done.unknown),
        "model": {"name": manifest.name, "version": manifest.version, "digest": package.digest},
        "simulated": manifest.training_data.simulated,
    }


def _package(options: argparse.Namespace) -> tuple[Package, Iterable[str], Label | None]:
    """The model, and of the use case what else it calls missing and who left; of a package alone that is not known."""
    if options.model is not None:
        return open_named(options.model), (), None
    usecase = load_usecase(options.usecase)
    return open_champion(usecase.model_name), usecase.missing, usecase.label


def _row_count(path: Path) -> int | None:
    """Rows for the progress bar; for CSV as many as there are lines, which quoted line breaks make too many. None for
    what must be unpacked or rewritten first."""
    kind = kind_of(path) if path.is_file() else None
    if kind == "parquet":
        with open_table(path) as table:
            return table.row_count
    if kind != "text":
        return None
    with path.open("rb") as stream:
        return sum(block.count(b"\n") for block in iter(lambda: stream.read(1 << 20), b"")) - 1
