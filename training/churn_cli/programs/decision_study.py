"""``python -m churn_cli.programs.decision_study``: whether what campaigns and experiments say can be believed."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
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
        prog="python -m churn_cli.programs.decision_study",
        description="How often campaigns claim effects that are not there, and how often their intervals hold.",
        allow_abbrev=False,
    )
    number: dict[str, Any] = {"type": int, "metavar": "N"}
    parser.add_argument("--data", type=Path, required=True, metavar="FILE", help="labelled customers")
    parser.add_argument("--usecase", default="telecom", help="telecom, ecommerce, banking or a YAML file (%(default)s)")
    parser.add_argument("--null-worlds", **number, default=200, help="histories without any effect (%(default)s)")
    parser.add_argument("--effect-worlds", **number, default=200, help="histories with known effects (%(default)s)")
    parser.add_argument("--loops", **number, default=2000, help="plans read with looks, of each kind (%(default)s)")
    parser.add_argument("--looks", **number, default=3, help="looks at each (%(default)s)")
    parser.add_argument("--workers", **number, default=min(2, os.cpu_count() or 1), help="processes (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    return parser


def _run(options: argparse.Namespace) -> None:
    _check(options)
    from churn_campaigns.policy_simulation.histories import People, run_worlds, tally
    from churn_data.progress import reporting
    from churn_data.sources import read_customers
    from churn_model.usecase import load_usecase

    dataset = read_customers(options.data, load_usecase(options.usecase))
    document: dict[str, Any] = {"customers": len(dataset)}
    people = People.of(dataset) if options.null_worlds or options.effect_worlds else None
    with reporting(options.null_worlds + options.effect_worlds) as reporter:
        for name, worlds, effective in (
            ("histories_without_effect", options.null_worlds, False),
            ("histories_with_effects", options.effect_worlds, True),
        ):
            if worlds and people is not None:
                reporter.now(f"{name.replace('_', ' ')}: {worlds} worlds")
                results = run_worlds(people, worlds, options.workers, reporter.advance, effective=effective)
                document[name] = asdict(tally(results))
    document |= _loops(options)
    (say if options.json else answer)(json.dumps(document, indent=2))
    if options.json:
        answer(json.dumps(document))


def _loops(options: argparse.Namespace) -> dict[str, Any]:
    from churn_campaigns.policy_simulation.loops import run_loops
    from churn_data.progress import reporting

    if not options.loops:
        return {}
    with reporting(2 * options.loops) as reporter:
        reporter.now(f"reading {2 * options.loops} plans")
        return {
            name: asdict(run_loops(options.loops, options.looks, reporter.advance, effective=effective))
            for name, effective in (("plans_without_effect", False), ("plans_with_effects", True))
        }


def _check(options: argparse.Namespace) -> None:
    fewest = {"--null-worlds": 0, "--effect-worlds": 0, "--loops": 0, "--looks": 1, "--workers": 1}
    for option, least in fewest.items():
        given = getattr(options, option.removeprefix("--").replace("-", "_"))
        if given < least:
            raise DataError(option, f"is {given}, at least {least} was expected")


if __name__ == "__main__":
    sys.exit(main())
