"""``python -m churn_cli.programs.gate_study``: whether the gate lets through what it should, and nothing else."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from churn_cli.guard import guarded
from churn_cli.terminal import answer, say
from churn_data.errors import DataError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study; returns the exit code, 2 for bad input."""
    options = _parser().parse_args(arguments)
    return guarded(lambda: _run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m churn_cli.programs.gate_study",
        description="How often the gate promotes what it should not, and what it should.",
        allow_abbrev=False,
    )
    number: dict[str, Any] = {"type": int, "metavar": "N"}
    parser.add_argument("--data", type=Path, required=True, metavar="FILE", help="labelled customers")
    parser.add_argument("--usecase", default="telecom", help="telecom, ecommerce, banking or a YAML file (%(default)s)")
    parser.add_argument("--worlds", **number, default=100, help="sequences of equal challengers (%(default)s)")
    parser.add_argument("--challengers", **number, default=200, help="in each (%(default)s)")
    parser.add_argument("--better-worlds", **number, default=100, help="single better challengers (%(default)s)")
    parser.add_argument("--attacks", **number, default=5, help="trainings of each attack (%(default)s)")
    parser.add_argument("--workers", **number, default=min(2, os.cpu_count() or 1), help="processes (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    return parser


def _run(options: argparse.Namespace) -> None:
    _check(options)
    from churn_cli.programs.gate_attacks import ATTACKS, attack
    from churn_data.progress import reporting
    from churn_data.sources import read_customers
    from churn_model.usecase import load_usecase
    from churn_training.comparison.economics import with_economics
    from churn_training.comparison.gate_study import Plan, study

    usecase = load_usecase(options.usecase)
    rule = with_economics(read_customers(options.data, usecase))[0].usecase.profit
    plan = Plan(options.worlds, options.challengers, options.better_worlds, options.workers)
    with reporting(plan.steps + len(ATTACKS) * options.attacks) as reporter:
        document = study(plan, rule, reporter)
        document["attacks"] = attack(options.data, usecase, options.attacks, reporter) if options.attacks else {}
    (say if options.json else answer)(json.dumps(document, indent=2))
    if options.json:
        answer(json.dumps(document))


def _check(options: argparse.Namespace) -> None:
    fewest = {"--worlds": 0, "--challengers": 1, "--better-worlds": 0, "--attacks": 0, "--workers": 1}
    for option, least in fewest.items():
        given = getattr(options, option.removeprefix("--").replace("-", "_"))
        if given < least:
            raise DataError(option, f"is {given}, at least {least} was expected")


if __name__ == "__main__":
    sys.exit(main())
