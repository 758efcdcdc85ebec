"""Arguments that `train` and `up` share: what is trained on, and for how long."""

import argparse
from typing import Any

from churn_cli.arguments.shared import Given, add_file_form, add_usecase, duration
from churn_data.locations import location


def add_training(command: argparse.ArgumentParser, budget: str) -> None:
    """Declare what a training is made from; `budget` is how long it takes where nobody says."""
    add_usecase(command)
    number: dict[str, Any] = {"action": Given, "type": int}
    command.add_argument(
        "--data",
        action=Given,
        type=location,
        help="labelled customers: CSV, Parquet, JSON or .xlsx, a path or s3://bucket/key; without it simulated ones",
    )
    command.add_argument("--rows", **number, default=4000, help="how many to simulate without --data (%(default)s)")
    command.add_argument("--seed", **number, default=0, help="seed of splits, models and simulation (%(default)s)")
    command.add_argument(
        "--budget",
        action=Given,
        type=duration,
        default=duration(budget),
        metavar="DURATION",
        help=f"how long a training may take in all, e.g. 90s or 10m; 0: each family once, at its defaults ({budget})",
    )
    command.add_argument(
        "--accept-leak", action="store_true", help="promote even a model that is too good to be true (ROC AUC near 1)"
    )
    command.add_argument(
        "--verbose", action="store_true", help="tell every finding, round, contender and rule, not only what matters"
    )
    command.add_argument("--fresh", action="store_true", help="evaluate every candidate anew, reuse nothing kept")
    add_file_form(command)
