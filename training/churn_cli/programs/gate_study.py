"""``python -m churn_cli.programs.gate_study``: whether the gate lets through what it should, and nothing else."""

import argparse
import sys
from collections.abc import Sequence

from churn_cli.guard import guarded
from churn_cli.programs.studies import NUMBER, check_counts, study_parser, tell


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study; returns the exit code, 2 for bad input."""
    options = _parser().parse_args(arguments)
    return guarded(lambda: _run(options))


def _parser() -> argparse.ArgumentParser:
    parser = study_parser("gate_study", "How often the gate promotes what it should not, and what it should.")
    parser.add_argument("--worlds", **NUMBER, default=100, help="sequences of equal challengers (%(default)s)")
    parser.add_argument("--other-worlds", **NUMBER, default=20, help="of each other kind (%(default)s)")
    parser.add_argument("--challengers", **NUMBER, default=200, help="in each (%(default)s)")
    parser.add_argument("--better-worlds", **NUMBER, default=100, help="single better challengers (%(default)s)")
    parser.add_argument("--attacks", **NUMBER, default=5, help="trainings of each attack (%(default)s)")
    return parser


def _run(options: argparse.Namespace) -> None:
    check_counts(
        options,
        {"--worlds": 0, "--other-worlds": 0, "--challengers": 1, "--better-worlds": 0, "--attacks": 0, "--workers": 1},
    )
    from churn_cli.programs.gate_attacks import ATTACKS, attack
    from churn_data.progress import reporting
    from churn_data.sources import read_customers
    from churn_model.usecase import load_usecase
    from churn_training.comparison.economics import with_economics
    from churn_training.comparison.gate_study import Plan, study

    usecase = load_usecase(options.usecase)
    rule = with_economics(read_customers(options.data, usecase))[0].usecase.profit
    plan = Plan(options.worlds, options.other_worlds, options.challengers, options.better_worlds, options.workers)
    with reporting(plan.steps + len(ATTACKS) * options.attacks) as reporter:
        document = study(plan, rule, reporter)
        document["attacks"] = attack(options.data, usecase, options.attacks, reporter) if options.attacks else {}
    tell(document, as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
