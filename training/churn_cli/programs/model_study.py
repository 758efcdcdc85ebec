"""How good the families are on a file of customers: `python -m churn_cli.programs.model_study`."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from churn_cli.guard import guarded
from churn_cli.programs.studies import check_counts
from churn_cli.terminal import answer, say
from churn_data.progress import reporting
from churn_data.sources import read_customers
from churn_model.usecase import load_usecase
from churn_training.comparison.economics import with_economics
from churn_training.comparison.model_study import Row, study
from churn_training.comparison.splits import FOLDS
from churn_training.families.portfolio import default_candidates

DESCRIPTION = "Measure the model families by repeated cross-validation, with intervals, beside each other."
SHOWN = ("roc_auc", "pr_auc", "brier", "log_loss", "ece", "empc", "budget_profit")


def _table(rows: Sequence[Row]) -> str:
    """The rows for people: mean and interval of each measure."""
    lines = []
    for row in rows:
        lines.append(f"{row.title} (the reference earns more with {row.reference_better:.0%})")
        for name in SHOWN:
            low, high = row.intervals[name]
            lines.append(f"    {name:14} {row.means[name]:9.4f}   [{low:.4f}, {high:.4f}]")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study; returns the exit code, 2 for bad input."""
    parser = argparse.ArgumentParser(
        prog="python -m churn_cli.programs.model_study", description=DESCRIPTION, allow_abbrev=False
    )
    parser.add_argument("--data", type=Path, required=True, help="labelled customers: CSV, Parquet, JSON or .xlsx")
    parser.add_argument("--usecase", default="telecom", help="%(default)s")
    parser.add_argument("--repeats", type=int, default=10, help="%(default)s")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    options = parser.parse_args(arguments)
    return guarded(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    check_counts(options, {"--repeats": 1})
    dataset = read_customers(options.data, load_usecase(options.usecase), say)
    with reporting(options.repeats * len(default_candidates()) * FOLDS) as reporter:
        rows = study(with_economics(dataset)[0], options.repeats, reporter)
    answer(_table(rows))
    if options.json:
        answer(json.dumps({row.name: {"means": row.means, "intervals": row.intervals} for row in rows}))


if __name__ == "__main__":
    sys.exit(main())
