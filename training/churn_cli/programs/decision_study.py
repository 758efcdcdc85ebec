"""``python -m churn_cli.programs.decision_study``: whether what campaigns and experiments say can be believed."""

import argparse
import hashlib
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churn_cli.guard import guarded
from churn_cli.programs.studies import NUMBER, check_counts, study_parser, tell

if TYPE_CHECKING:
    from churn_campaigns.policy_simulation.kept import Kept


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study; returns the exit code, 2 for bad input."""
    options = _parser().parse_args(arguments)
    return guarded(lambda: _run(options))


def _parser() -> argparse.ArgumentParser:
    parser = study_parser(
        "decision_study", "How often campaigns claim effects that are not there, and how often their intervals hold."
    )
    parser.add_argument("--null-worlds", **NUMBER, default=200, help="histories without any effect (%(default)s)")
    parser.add_argument("--effect-worlds", **NUMBER, default=200, help="histories with known effects (%(default)s)")
    parser.add_argument("--loops", **NUMBER, default=2000, help="plans read with looks, of each kind (%(default)s)")
    parser.add_argument("--looks", **NUMBER, default=3, help="looks at each (%(default)s)")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="keep histories there, and go on from them")
    return parser


def _run(options: argparse.Namespace) -> None:
    check_counts(options, {"--null-worlds": 0, "--effect-worlds": 0, "--loops": 0, "--looks": 1, "--workers": 1})
    from churn_campaigns.policy_simulation.histories import People, run_worlds, tally
    from churn_data.progress import reporting
    from churn_data.sources import read_customers
    from churn_model.usecase import load_usecase

    dataset = read_customers(options.data, load_usecase(options.usecase))
    document: dict[str, Any] = {"customers": len(dataset)}
    people = People.of(dataset) if options.null_worlds or options.effect_worlds else None
    kept = _kept(options)
    with reporting(options.null_worlds + options.effect_worlds) as reporter:
        for name, worlds, effective in (
            ("histories_without_effect", options.null_worlds, False),
            ("histories_with_effects", options.effect_worlds, True),
        ):
            if worlds and people is not None:
                reporter.now(f"{name.replace('_', ' ')}: {worlds} worlds")
                results = run_worlds(people, worlds, options.workers, reporter.advance, kept, effective=effective)
                document[name] = asdict(tally(results))
    document |= _loops(options)
    tell(document, as_json=options.json)


def _kept(options: argparse.Namespace) -> "Kept":
    """Histories of these customers that were finished before."""
    from churn_campaigns.policy_simulation.kept import Kept

    with options.data.open("rb") as data:
        digest = hashlib.file_digest(data, "sha256").hexdigest()[:16]
    return Kept(None if options.out is None else options.out / "histories.jsonl", f"{digest} {options.usecase}")


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


if __name__ == "__main__":
    sys.exit(main())
