"""``python -m churn_cli.programs.drift_study``: how often a drift watch cries wolf, and how soon it finds what it
should."""

import argparse
import sys
from collections.abc import Sequence

from churn_cli.guard import guarded
from churn_cli.programs.studies import NUMBER, check_counts, tell


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study; returns the exit code, 2 for bad input."""
    options = _parser().parse_args(arguments)
    return guarded(lambda: _run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m churn_cli.programs.drift_study",
        description="How often a drift watch cries wolf, and how soon it finds what it should, in simulated companies.",
        allow_abbrev=False,
    )
    parser.add_argument("--quiet-worlds", **NUMBER, default=5, help="companies that never change (%(default)s)")
    parser.add_argument(
        "--quiet-customers", **NUMBER, default=10_000_000, help="customers that each has in a month (%(default)s)"
    )
    parser.add_argument("--worlds", **NUMBER, default=20, help="companies of each change (%(default)s)")
    parser.add_argument("--before", **NUMBER, default=100_000, help="customers before the change (%(default)s)")
    parser.add_argument("--trained", **NUMBER, default=7_000, help="customers that a model is made of (%(default)s)")
    parser.add_argument("--seed", **NUMBER, default=0, help="another one gives other companies (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    return parser


def _run(options: argparse.Namespace) -> None:
    fewest = {"--quiet-worlds": 0, "--quiet-customers": 1, "--worlds": 0, "--before": 0, "--trained": 100, "--seed": 0}
    check_counts(options, fewest)
    from churn_data.progress import reporting
    from churn_monitoring.drift.study import CHANGES, Plan, study
    from churn_monitoring.drift.watch import Promise

    plan = Plan(
        options.quiet_worlds, options.quiet_customers, 1.0, options.worlds, options.before, options.trained
    )  # a month each
    with reporting(plan.quiet_worlds + len(CHANGES) * plan.worlds) as reporter:
        document = study(plan, Promise(), reporter.advance, options.seed)
    tell(document, as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
