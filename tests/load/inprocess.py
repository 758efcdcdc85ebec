"""What scoring itself costs, without any server: one row, and a batch of 1,000, in this process.

Usage: `inprocess.py --package DIR --verify-key FILE [--customers FILE]`; FILE has one customer a line in the gateway's
wire form, and without it the package's golden rows are used. Prints one JSON object, times in microseconds.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from pathlib import Path

from churn_model import ChurnModelError, Package, Row, Scores, TrustedKeys, open_package

SINGLE_CALLS = 3000
BATCH_ROWS = 1000
BATCH_CALLS = 50
WARMUP_CALLS = 100


def main() -> int:
    """Measure and print; exit 2 with one line when the package cannot be opened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--package", type=Path, required=True)
    parser.add_argument("--verify-key", type=Path, required=True)
    parser.add_argument("--customers", type=Path)
    arguments = parser.parse_args()
    try:
        package = open_package(arguments.package, TrustedKeys.load(arguments.verify_key))
    except ChurnModelError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    rows = read_rows(package, arguments.customers) if arguments.customers else list(package.description.golden.rows)
    measured = measure(package, list(islice(cycle(rows), BATCH_ROWS)))
    sys.stdout.write(
        json.dumps({"estimator": package.manifest.estimator, "distinct_rows": len(rows), **measured}) + "\n"
    )
    return 0


def measure(package: Package, rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Times of one-row calls and of whole batches."""
    score = package.scorer.score
    singles = [[row] for row in rows]
    for single in islice(cycle(singles), WARMUP_CALLS):
        score(single)
    one = [microseconds(score, single) for single in islice(cycle(singles), SINGLE_CALLS)]
    many = [microseconds(score, rows) for _ in range(BATCH_CALLS)]
    return {"one_row": summary(one), "thousand_rows": summary(many)}


def microseconds(score: Callable[[Sequence[Row]], Scores], rows: Sequence[Row]) -> float:
    """How long one call takes."""
    begun = time.perf_counter_ns()
    score(rows)
    return (time.perf_counter_ns() - begun) / 1000


def summary(times: list[float]) -> dict[str, float]:
    """Median, 99th percentile, worst."""
    ordered = sorted(times)
    rank = math.ceil(0.99 * len(ordered)) - 1
    return {
        "median": round(statistics.median(ordered), 1),
        "p99": round(ordered[rank], 1),
        "max": round(ordered[-1], 1),
    }


def read_rows(package: Package, path: Path) -> list[Row]:
    """Customers of a bodies file, in schema order."""
    customers = [json.loads(line)["customers"][0]["features"] for line in path.read_text().splitlines()]
    kinds = [(feature.name, feature.type) for feature in package.manifest.schema.features]
    return [[in_type(customer.get(name), kind) for name, kind in kinds] for customer in customers]


def in_type(value: str | float | None, kind: str) -> float | str | None:
    """A value as rows carry it: numbers as float, NaN for a missing one."""
    if kind == "category":
        return None if value is None else str(value)
    return math.nan if value is None else float(value)


if __name__ == "__main__":
    raise SystemExit(main())
