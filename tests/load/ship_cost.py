"""What making tables of the prediction log costs: processor time a customer, and which step of it, beside what making
nothing but their columns would cost. In one process, into a folder: what is measured is the shipper alone.

Usage: python -m tests.load.ship_cost [ROUNDS]
"""

import json
import random
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from churn_model.prediction_log.frames import HEADER, frame
from churn_model.prediction_log.pseudonyms import PseudonymKey
from churn_model.prediction_log.records import AnswerNote, CustomerNote, ModelNote, encode_note
from churn_monitoring.prediction_log.metrics import ShipperMetrics
from churn_monitoring.prediction_log.reading import read_segment
from churn_monitoring.prediction_log.segments import Segment
from churn_monitoring.prediction_log.shipping import ship
from churn_monitoring.prediction_log.store import Store
from churn_monitoring.prediction_log.tables import parquet, partitioned

ANSWERS = 12_000
"""About as many answers of one customer each as a segment of the usual size holds."""
NUMBERS, CATEGORIES = 3, 12
_LEVELS = ("Month-to-month", "One year", "Two year", "Electronic check", "Fiber optic", "No internet service")
_NOON = 1_790_000_400.0


def main(rounds: int) -> None:
    """Print microseconds of processor time a customer as one line of JSON, the least of all rounds each."""
    content = segment()
    with tempfile.TemporaryDirectory() as home:
        found = {name: round(cost(step, rounds), 2) for name, step in steps(content, Path(home)).items()}
    sys.stdout.write(json.dumps({**found, "bytes": round(len(content) / ANSWERS)}) + "\n")


def steps(content: bytes, home: Path) -> dict[str, Callable[[], object]]:
    """Reading, tables and files one by one, and all of it as the shipper does it."""
    named = Segment(home / "0", "0123456789abcdef", 1)
    read = read_segment(content, "segment")
    (table,) = partitioned(read, named).values()
    folder, store, metrics = home / "segments" / named.instance, Store(home / "tables"), ShipperMetrics()

    def whole() -> None:
        folder.mkdir(parents=True)
        (folder / "00000001.segment").write_bytes(content)
        shipped = ship(folder.parent, store, metrics, lambda _line: None)
        assert shipped.rows == ANSWERS, shipped

    return {
        "read": lambda: read_segment(content, "segment"),
        "tables": lambda: partitioned(read, named),
        "parquet": lambda: parquet(table),
        "ship": whole,
    }


def segment() -> bytes:
    """Answers to one customer each, of values as different as customers are."""
    chance = random.Random(7)
    key = PseudonymKey("2026-11", b"k" * 32)
    names = tuple(f"feature_{place}" for place in range(NUMBERS + CATEGORIES))
    numbers = tuple(place < NUMBERS for place in range(NUMBERS + CATEGORIES))
    digest = f"sha256:{'0' * 64}"
    notes: list[ModelNote | AnswerNote] = [ModelNote(0, "telecom", "churn-telecom", "7", digest, names, numbers)]
    for number in range(ANSWERS):
        values: tuple[float | str, ...] = (
            *(round(chance.uniform(0, 100), 2) for _ in range(NUMBERS)),
            *chance.choices(_LEVELS, k=CATEGORIES),
        )
        customer = CustomerNote(
            key.of(f"{number}-VHVEG"), values, chance.random(), chance.randrange(6), "loyalty-discount",
            chance.uniform(0, 50),
        )  # fmt: skip
        request = str(uuid.UUID(int=chance.getrandbits(128)))
        passed = chance.uniform(1, 4)
        notes.append(
            AnswerNote(
                _NOON + number / 500, request, "/v1/predictions", 0, "primary", None, passed, key.id, (customer,)
            )
        )
    return HEADER + b"".join(frame(encode_note(note)) for note in notes)


def cost(step: Callable[[], object], rounds: int) -> float:
    """Microseconds of processor time a customer."""
    least = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        step()
        least = min(least, time.process_time() - began)
    return least / ANSWERS * 1e6


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
