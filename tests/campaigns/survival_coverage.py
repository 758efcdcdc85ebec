"""How often the intervals of `churn value` hold the truth: many simulated snapshots for each shape of the hazard.

A study, not a test: `ci/bench-survival` runs it (`make bench-survival`).
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy

from tests.campaigns.snapshots import HORIZON, SHAPES, held


def main() -> None:
    """Count, print a line a shape and expectation, and write all of it down."""
    options = _options()
    options.out.mkdir(parents=True, exist_ok=True)
    results: list[dict[str, Any]] = []
    for shape in options.shapes:
        hazard = SHAPES[shape]
        found: dict[str, list[tuple[float, float, float, float]]] = {}
        for seed in range(options.first_seed, options.first_seed + options.snapshots):
            for name, estimate in held(hazard, options.joined, options.window, seed).items():
                found.setdefault(name, []).append(estimate)
        for name, estimates in found.items():
            results.append({"hazard": shape, "expectation": name, **_counted(numpy.array(estimates))})
            sys.stdout.write(f"{_line(results[-1])}\n")
            sys.stdout.flush()
    document = {**vars(options), "out": str(options.out), "horizon": HORIZON, "results": results}
    (options.out / "coverage.json").write_text(json.dumps(document, indent=2) + "\n")


def _counted(estimates: numpy.ndarray) -> dict[str, float]:
    """`estimates`: float [snapshots, 4], the truth, value, low and high."""
    truth, value, low, high = estimates.T
    return {
        "snapshots": len(truth),
        "held": float(((low <= truth) & (truth <= high)).mean()),
        "truth_below": float((truth < low).mean()),
        "truth_above": float((truth > high).mean()),
        "mean_truth": float(truth.mean()),
        "mean_value": float(value.mean()),
        "mean_width": float((high - low).mean()),
    }


def _line(result: dict[str, Any]) -> str:
    return (
        f"{result['hazard']:9} {result['expectation']:24} held in {result['held']:.1%} of {result['snapshots']}, "
        f"truth {result['mean_truth']:.4g}, said {result['mean_value']:.4g} (width {result['mean_width']:.3g}), "
        f"truth below {result['truth_below']:.1%}, above {result['truth_above']:.1%}"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--snapshots", type=int, default=200, help="of each shape (%(default)s)")
    parser.add_argument("--shapes", nargs="+", choices=list(SHAPES), default=list(SHAPES), help="of the hazard (all)")
    parser.add_argument("--joined", type=int, default=4000, help="customers who joined in ten years (%(default)s)")
    parser.add_argument("--window", type=float, default=3.0, help="months in which leavers were observed (%(default)s)")
    parser.add_argument("--first-seed", type=int, default=1000, help="of the simulations (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path(".bench/survival"), help="folder of results (%(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
