"""``python -m churn_cli.programs.policy_simulation``: what each way to choose whom to contact brings, simulated."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from churn_campaigns.policy_simulation.assumptions import SIZES
from churn_campaigns.policy_simulation.curve import USUAL
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
        description="Simulate what each way to choose whom to contact brings, by company size and kind of world.",
        allow_abbrev=False,
    )
    number: dict[str, Any] = {"type": int, "metavar": "N"}
    parser.add_argument("--worlds", **number, default=30, help="simulated worlds of each kind (%(default)s)")
    parser.add_argument("--sizes", **number, nargs="+", default=list(SIZES), help="customers of a company")
    parser.add_argument("--usual", **number, default=USUAL, help="customers where all else is varied (%(default)s)")
    parser.add_argument("--minutes", type=float, metavar="M", help="begin no world after so many (no limit)")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="keep worlds there, and go on from them")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    return parser


def _run(options: argparse.Namespace) -> None:
    _check(options)
    from churn_campaigns.policy_simulation.curve import scenarios
    from churn_campaigns.policy_simulation.report import as_document, as_text, write_files
    from churn_campaigns.policy_simulation.runs import Worlds, run_studies
    from churn_data.progress import reporting

    kinds = scenarios(tuple(options.sizes), options.usual)
    try:
        worlds = Worlds(options.out)
        with reporting(len(kinds) * options.worlds) as reporter:
            reporter.now(f"simulating {options.worlds} worlds of each of {len(kinds)} kinds")
            seconds = float("inf") if options.minutes is None else 60.0 * options.minutes
            studies = run_studies(kinds, [options.worlds] * len(kinds), worlds, seconds, reporter.advance)
        if options.out is not None:
            write_files(studies, options.out)
    except OSError as error:
        raise DataError(str(options.out), f"cannot be written to ({error.strerror})") from None
    (say if options.json else answer)(as_text(studies))
    if options.json:
        answer(json.dumps(as_document(studies)))


def _check(options: argparse.Namespace) -> None:
    least = {"--worlds": (options.worlds, 1), "--usual": (options.usual, FEWEST_CUSTOMERS)}
    least |= {"--sizes": (min(options.sizes), FEWEST_CUSTOMERS)}
    for option, (given, fewest) in least.items():
        if given < fewest:
            raise DataError(option, f"is {given}, at least {fewest} was expected")
    if options.minutes is not None and not options.minutes > 0.0:
        raise DataError("--minutes", f"is {options.minutes:g}, more than 0 was expected")


if __name__ == "__main__":
    sys.exit(main())
