"""A month of a hundred million answers and what became of ten million customers: seconds and peak memory of the report.

`make bench-outcomes` makes a log as the shipper makes it (its columns, its Parquet, a file an hour), statements as
loading keeps them, and measures `churn outcomes report` in a process of its own, in turns.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy
import pyarrow

from churn_model.prediction_log.pseudonyms import HASH_BYTES
from churn_monitoring.outcomes.days import number_of
from churn_monitoring.outcomes.statements import keep_statements
from churn_monitoring.prediction_log.store import Store
from churn_monitoring.prediction_log.tables import COLUMNS, FEATURE, Partition, parquet

FIRST, DAYS, HOURS = date(2026, 9, 1), 30, 24
AS_OF = date(2026, 10, 31)
MODELS = 2
MICROSECONDS = 1_000_000
CONTRACTS = ("Month-to-month", "One year", "Two year")
ACTIONS = ("none", "yearly-contract", "tech-support", "personal-call")


class Customers(NamedTuple):
    """Hashes, bytes [customers, 16]; churn probabilities; days since 1970 on which they left or were seen; who left."""

    hashes: numpy.ndarray
    probability: numpy.ndarray
    day: numpy.ndarray
    left: numpy.ndarray


def main() -> None:
    """Make what is missing, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(".bench/outcomes"), help="for what is made (%(default)s)")
    parser.add_argument("--rows", type=int, default=100_000_000, help="answers of the month (%(default)s)")
    parser.add_argument("--customers", type=int, default=10_000_000, help="whose outcomes are known (%(default)s)")
    parser.add_argument("--turns", type=int, default=3, help="measurements (%(default)s)")
    parser.add_argument("--memory", default="4GB", help="of the join (%(default)s)")
    parser.add_argument("--threads", default="2", help="of the join (%(default)s)")
    options = parser.parse_args()
    folder = options.folder / f"{options.rows}-{options.customers}"
    if not (folder / "made").exists():
        _make(Store(folder), options.rows, options.customers)
        (folder / "made").touch()
    for _ in range(options.turns):
        print(_measured(folder, options.memory, options.threads), flush=True)  # noqa: T201 - the result


def _make(store: Store, rows: int, count: int) -> None:
    source = numpy.random.default_rng(1)
    customers = _customers(source, count)
    said = round(datetime(2026, 11, 1, tzinfo=UTC).timestamp()) * MICROSECONDS
    for first, following in pairwise(number_of(FIRST.replace(month=FIRST.month + place)) for place in range(3)):
        chosen = (customers.day >= first) & (customers.day < following)
        keep_statements(store, "telecom", first, 0, said, _statements(customers, chosen))
    for partition, table in _hours(source, customers, rows):
        store.put(partition.file("generated-00000001"), parquet(table))


def _customers(source: numpy.random.Generator, count: int) -> Customers:
    probability = source.beta(0.8, 3.0, count)
    left = source.random(count) < probability
    day = numpy.where(left, number_of(FIRST) + source.integers(0, 60, count), number_of(AS_OF))
    hashes = numpy.frombuffer(source.bytes(count * HASH_BYTES), numpy.uint8).reshape(count, HASH_BYTES)
    return Customers(hashes, probability, day, left)


def _statements(customers: Customers, chosen: numpy.ndarray) -> pyarrow.Table:
    return pyarrow.table(
        {
            "customer": _hash_array(customers.hashes[chosen]),
            "key": pyarrow.array(["first"] * int(chosen.sum())),
            "churned": pyarrow.array(customers.left[chosen]),
            "outcome_on": pyarrow.array(customers.day[chosen].astype(numpy.int32)).cast(pyarrow.date32()),
        }
    )


def _hash_array(hashes: numpy.ndarray) -> pyarrow.Array:
    content = pyarrow.py_buffer(numpy.ascontiguousarray(hashes))
    return pyarrow.Array.from_buffers(pyarrow.binary(HASH_BYTES), len(hashes), [None, content])


def _hours(
    source: numpy.random.Generator, customers: Customers, rows: int
) -> Iterator[tuple[Partition, pyarrow.Table]]:
    an_hour = -(-rows // (DAYS * HOURS))
    for hour in range(DAYS * HOURS):
        moment = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) + timedelta(hours=hour)
        partition = Partition("telecom", f"{moment:%Y-%m-%d}", f"{moment:%H}")
        yield partition, _answers(source, customers, an_hour, round(moment.timestamp()) * MICROSECONDS, hour)


def _answers(source: numpy.random.Generator, customers: Customers, rows: int, start: int, hour: int) -> pyarrow.Table:
    """An hour's answers; one in a hundred is to somebody of whom nothing will be known."""
    who = source.integers(0, len(customers.probability), rows)
    hashes = customers.hashes[who]
    strangers = source.random(rows) < 0.01
    hashes[strangers] = source.integers(0, 256, (int(strangers.sum()), HASH_BYTES), dtype=numpy.uint8)
    model = source.integers(0, MODELS, rows)
    noisy = numpy.clip(customers.probability[who] + source.normal(0, 0.05, rows), 0.001, 0.999)
    texts = {
        "request_id": pyarrow.array([f"{number:016x}" for number in source.integers(0, 2**62, rows).tolist()]),
        "route": _of(numpy.zeros(rows, int), ("/v1/predictions",)), "key": _of(numpy.zeros(rows, int), ("first",)),
        "model": _of(model, ("churn-telecom",) * MODELS), "version": _of(model, ("1", "2")),
        "digest": _of(model, tuple(f"sha256:{number:064x}" for number in range(MODELS))),
        "served_by": _of((source.random(rows) < 0.01).astype(int), ("primary", "fallback")),
        "action": _of(source.integers(0, len(ACTIONS), rows), ACTIONS),
        "instance": _of(numpy.zeros(rows, int), ("generated",)),
    }  # fmt: skip
    times = numpy.sort(start + source.integers(0, 3600 * MICROSECONDS, rows))
    numbers = {
        "time": pyarrow.array(times, COLUMNS.field("time").type),
        "customer": _hash_array(hashes), "arm": pyarrow.nulls(rows, pyarrow.string()),
        "churn_probability": pyarrow.array(noisy),
        "segment": pyarrow.array(source.integers(1, 5, rows).astype(numpy.int16)),
        "expected_value": pyarrow.array(source.uniform(0, 30, rows).round(2)),
        "milliseconds": pyarrow.array(source.uniform(1, 9, rows).round(3)),
        "sequence": pyarrow.array(numpy.full(rows, hour + 1)), "position": pyarrow.array(numpy.arange(rows)),
    }  # fmt: skip
    features = {
        f"{FEATURE}Contract": _of(source.integers(0, 3, rows), CONTRACTS),
        f"{FEATURE}MonthlyCharges": pyarrow.array(source.uniform(18, 119, rows).round(2)),
        f"{FEATURE}tenure": pyarrow.array(source.integers(0, 73, rows).astype(float)),
    }
    found = {**texts, **numbers}
    return pyarrow.table({**{name: found[name] for name in COLUMNS.names}, **features})


def _of(places: numpy.ndarray, words: tuple[str, ...]) -> pyarrow.Array:
    return pyarrow.DictionaryArray.from_arrays(pyarrow.array(places), pyarrow.array(words)).cast(pyarrow.string())


def _measured(folder: Path, memory: str, threads: str) -> str:
    words = ["outcomes", "report", "--store", str(folder), "--month", f"{FIRST:%Y-%m}", "--as-of", str(AS_OF), "--json"]
    limits = ["--memory", memory, "--threads", threads]
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "churn_cli", *words, *limits], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    answer = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if status:
        raise SystemExit(f"the report failed ({status})")
    known = sum(model["answers"]["known"] for model in json.loads(answer.splitlines()[-1])["models"])
    processors = used.ru_utime + used.ru_stime
    mebibytes = used.ru_maxrss / 1024
    return f"{seconds:6.1f} s  {processors:6.1f} s of processors  {mebibytes:6.0f} MiB  {known:,} answers judged"


if __name__ == "__main__":
    main()
