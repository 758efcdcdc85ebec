"""``python -m churn_cli.programs.policy_simulation``: what each way to choose whom to contact brings, simulated."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from churn_campaigns.policy_simulation.assumptions import CUSTOMERS
from churn_cli.guard import guarded
from churn_cli.terminal import answer, say
from churn_data.errors import DataError

FEWEST_CUSTOMERS = 1_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study; returns the exit code, 2 for bad input."""
    options = _parser().parse_args(arguments)
    return guarded(lambda: _run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m churn_cli.programs.policy_simulation",
        description="Simulate what each way to choose whom to contact brings.",
        allow_abbrev=False,
    )
    number: dict[str, Any] = {"type": int, "metavar": "N"}
    parser.add_argument("--seeds", **number, default=30, help="simulated worlds (%(default)s)")
    parser.add_argument("--customers", **number, default=CUSTOMERS, help="customers of each (%(default)s)")
    parser.add_argument("--other-seeds", **number, default=5, help="worlds of each other scenario (%(default)s)")
    parser.add_argument("--workers", **number, default=min(2, os.cpu_count() or 1), help="processes (%(default)s)")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="write a table, the worlds and a picture there")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    return parser


def _run(options: argparse.Namespace) -> None:
    _check(options)
    from churn_campaigns.policy_simulation.report import as_document, as_text, write_files
    from churn_campaigns.policy_simulation.study import Scenario, run_study
    from churn_data.progress import reporting

    # Waves keep their share of the customers, so that small companies are not asked for the waves of large ones.
    scenario = replace(Scenario(), customers=options.customers).with_waves(options.customers / CUSTOMERS)
    others = [
        replace(scenario, name="no action has any effect", strength=0.0),
        replace(scenario, name="effects half as strong", strength=0.5),
        replace(scenario.with_waves(0.5), name="waves half as large"),
        replace(scenario, name="half as many customers", customers=scenario.customers // 2),
    ]
    counts = [(scenario, options.seeds), *((other, options.other_seeds) for other in others if options.other_seeds)]
    studies = []
    with reporting(sum(seeds for _, seeds in counts)) as reporter:
        for kind, seeds in counts:
            reporter.now(f"simulating {seeds} worlds: {kind.name}")
            studies.append(run_study(kind, seeds, options.workers, reporter.advance))
    if options.out is not None:
        try:
            write_files(studies[0], studies[1:], options.out)
        except OSError as error:
            raise DataError(str(options.out), f"cannot be written to ({error.strerror})") from None
    (say if options.json else answer)(as_text(studies[0], studies[1:]))
    if options.json:
        answer(json.dumps(as_document(studies[0], studies[1:])))


def _check(options: argparse.Namespace) -> None:
    fewest = {"--seeds": 2, "--customers": FEWEST_CUSTOMERS, "--other-seeds": 0, "--workers": 1}
    for option, least in fewest.items():
        given = getattr(options, option.removeprefix("--").replace("-", "_"))
        if given < least:
            raise DataError(option, f"is {given}, at least {least} was expected")
    if options.other_seeds == 1:
        raise DataError("--other-seeds", "is 1, but one world has no interval; 0 or at least 2 was expected")


if __name__ == "__main__":
    sys.exit(main())
