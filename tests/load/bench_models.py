"""Models beside those of AutoML libraries: `make bench-models`.

For every file and seed, each contender learns on the same 70 % of the customers within the same seconds and is judged
on the other 30 %. Ours goes the way of a user: `churn init`, `churn train`, `churn score`.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import pandas

from churn_model.evaluation import LOWER_IS_BETTER
from churnbench.console import progress, result
from modelbench.contenders import ENVIRONMENTS, OURS, Task, ask, environment
from modelbench.datasets import Data, public
from modelbench.figures import SHOWN, Difference, Judged, differences, judged, mean_ranks

FOLDER = Path(__file__).resolve().parents[2] / ".bench" / "models"
Found = dict[str, dict[str, list[Judged]]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        files = [Data.parse(text) for text in options.data] + (public(options.public) if options.public else [])
    except ValueError as error:
        progress(str(error))
        return 2
    if not files:
        progress("no data: give FILE:ID:LABEL:POSITIVE, or --public FOLDER")
        return 2
    contenders = [OURS, *(name for name in options.peers.split(",") if name)]
    for name in contenders[1:]:
        environment(name, FOLDER.parent)
    found: Found = {data.name: {name: [] for name in contenders} for data in files}
    for data in files:
        for seed in range(options.first_seed, options.first_seed + options.seeds):
            _split(data, seed, options.seconds, found[data.name])
    _tell(found, options)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench-models", description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="*", metavar="FILE:ID:LABEL:POSITIVE", help="files of labelled customers")
    parser.add_argument("--public", type=Path, metavar="FOLDER", help="public churn data, as many as the folder holds")
    parser.add_argument("--peers", default=",".join(ENVIRONMENTS), help="which peers, by commas (%(default)s)")
    parser.add_argument("--seeds", type=int, default=1, help="how many splits of each file (%(default)s)")
    parser.add_argument("--first-seed", type=int, default=0, help="the first of them (%(default)s)")
    parser.add_argument("--seconds", type=float, default=120.0, help="for each contender and split (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    return parser


def _split(data: Data, seed: int, seconds: float, found: Mapping[str, list[Judged]]) -> None:
    folder = FOLDER / f"{data.name}-{seed}"
    learnt, held = data.split(seed, folder)
    churned = (pandas.read_csv(held, dtype=str)[data.label] == data.positive).to_numpy().astype(int)
    for name, results in found.items():
        own = folder / name
        shutil.rmtree(own, ignore_errors=True)
        own.mkdir(parents=True)
        answer = ask(name, Task(data, seed, seconds, learnt, held, own), FOLDER.parent)
        results.append(judged(churned, answer.probabilities, answer.seconds))
        progress(_line(f"{data.name} {seed} {name}", [results[-1]]))


def _tell(found: Found, options: argparse.Namespace) -> None:
    apart: dict[str, dict[str, Difference]] = {}
    for name, contenders in found.items():
        result(f"\n{name}")
        for contender, results in contenders.items():
            result(_line(f"  {contender}", results))
        others = {peer: results for peer, results in contenders.items() if peer != OURS}
        if not others:
            continue
        best = min(others, key=lambda peer: sum(each.measures["log_loss"] for each in others[peer]))
        apart[name] = differences(contenders[OURS], others[best])
        result(f"  ours less {best}, the best peer by log loss:")
        for measure, each in apart[name].items():
            result(f"    {_words(measure, each)}")
    names = list(next(iter(found.values())))
    ranks = mean_ranks(
        {name: [each.measures["log_loss"] for file in found.values() for each in file[name]] for name in names}
    )
    result(
        "\nmean rank by log loss: "
        + ", ".join(f"{name} {ranks[name]:.2f}" for name in sorted(ranks, key=ranks.__getitem__))
    )
    if options.json:
        files = {
            file: {
                name: [dict(each.measures) | {"seconds": each.seconds} for each in results]
                for name, results in own.items()
            }
            for file, own in found.items()
        }
        less = {name: {measure: asdict(each) for measure, each in own.items()} for name, own in apart.items()}
        result(json.dumps({"seconds": options.seconds, "files": files, "less_best_peer": less, "mean_rank": ranks}))


def _line(title: str, results: Sequence[Judged]) -> str:
    figures = [f"{name} {sum(each.measures[name] for each in results) / len(results):.4f}" for name in SHOWN]
    return f"{title:28} {'  '.join(figures)}  {sum(each.seconds for each in results) / len(results):.0f} s"


def _words(measure: str, apart: Difference) -> str:
    better = apart.mean < 0 if measure in LOWER_IS_BETTER else apart.mean > 0
    verdict = "behind by more than chance" if apart.behind else "ahead" if better else "behind within chance"
    return f"{measure:9} {apart.mean:+.4f} [{apart.low:+.4f}, {apart.high:+.4f}], {verdict}"


if __name__ == "__main__":
    sys.exit(main())
