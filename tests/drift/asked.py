"""A model whose customers are known, and tables of a prediction log in which it was asked about others."""

import dataclasses
import math
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy
import pyarrow

from churn_data.profiles import answer_profile, category_profile, number_profile
from churn_model import Row, Schema, SchemaFeature
from churn_model.prediction_log.frames import HEADER, frame
from churn_model.prediction_log.pseudonyms import PseudonymKey
from churn_model.prediction_log.records import AnswerNote, CustomerNote, ModelNote, Note, encode_note
from churn_model.training_profile import TrainingProfile
from churn_monitoring.prediction_log.reading import read_segment
from churn_monitoring.prediction_log.segments import Segment
from churn_monitoring.prediction_log.store import Store
from churn_monitoring.prediction_log.tables import Partition, parquet, partitioned
from tests.prediction_log.shipped import NOON

KEY = PseudonymKey("first", b"k" * 32)
DIGEST = "sha256:00"
CONTRACTS = ("Month-to-month", "One year", "Two year")
SCHEMA = Schema(
    "sample",
    "customer",
    (
        SchemaFeature("tenure", "number"),
        SchemaFeature("Contract", "category", categories=CONTRACTS),
        SchemaFeature("Senior Citizen", "number"),
    ),
    logged=("tenure", "Contract"),
)
Changed = Callable[[Row], Row]


def customers(count: int, seed: int, change: Changed = tuple) -> list[Row]:
    """Rows of the schema: one contract in ten is missing, and a tenure in twenty."""
    source = random.Random(seed)
    rows: list[Row] = [
        (
            math.nan if source.random() < 0.05 else source.gauss(30, 10),
            source.choices([*CONTRACTS, None], (5, 3, 1, 1))[0],
            float(source.random() < 0.2),
        )
        for _ in range(count)
    ]
    return [change(row) for row in rows]


def answer_to(row: Row) -> tuple[float, int]:
    """The model: who has been there long stays; the segment is by the contract."""
    tenure = row[0] if isinstance(row[0], float) and not math.isnan(row[0]) else 30.0
    return 1.0 / (1.0 + math.exp((tenure - 20.0) / 10.0)), 1 + (row[1] == "Two year")


def profile(rows: Sequence[Row]) -> TrainingProfile:
    """As a training on these rows would make it, whose answers depend on the tenure alone."""
    tenure, contract, senior = zip(*rows, strict=True)
    answers = [answer_to(row) for row in rows]
    odds = numpy.array([math.log(p / (1.0 - p)) for p, _ in answers])
    numbers = {
        name: number_profile(numpy.array(each, dtype=float))
        for name, each in (("tenure", tenure), ("Senior Citizen", senior))
    }
    return TrainingProfile(
        {**numbers, "Contract": category_profile(pyarrow.array(contract, pyarrow.string()), CONTRACTS)},
        number_profile(numpy.array([p for p, _ in answers])),
        answer_profile(pyarrow.array([str(segment) for _, segment in answers])),
        1.0,
        float(odds.mean()),
        float(odds.std()),
    )


@dataclasses.dataclass(frozen=True)
class Asked:
    """Customers who were asked about one after the other, and what they were answered: by the model unless it is
    said."""

    rows: Sequence[Row]
    began: float = NOON
    seconds: float = 60.0
    digest: str = DIGEST
    served_by: str = "primary"
    name: Callable[[int], str] = str
    answers: Sequence[tuple[float, int]] | None = None
    instance: str = "a"
    schema: Schema = SCHEMA

    def tables(self) -> dict[Partition, pyarrow.Table]:
        """What the log holds of them."""
        places = [self.schema.names.index(each) for each in self.schema.logged]
        numbers = tuple(self.schema.features[place].type == "number" for place in places)
        model = ModelNote(0, self.schema.usecase, "churn-sample", "1", self.digest, self.schema.logged, numbers)
        given = self.answers if self.answers is not None else [answer_to(row) for row in self.rows]
        notes: list[Note] = [model]
        notes += [
            AnswerNote(
                self.began + self.seconds * place / len(self.rows), f"r{place}", "/v1/predictions", 0,
                self.served_by, None, 1.0, "first",
                (CustomerNote(KEY.of(self.name(place)), tuple(row[each] for each in places), *answer),),
            )
            for place, (row, answer) in enumerate(zip(self.rows, given, strict=True))
        ]  # fmt: skip
        content = HEADER + b"".join(frame(encode_note(note)) for note in notes)
        return partitioned(read_segment(content, "asked"), Segment(Path(), self.instance, int(self.began)))


def table(rows: Sequence[Row], began: float = NOON, seconds: float = 60.0, **how: Any) -> pyarrow.Table:
    """One table of what was asked; the rest as :class:`Asked` has it."""
    return pyarrow.concat_tables(Asked(rows, began, seconds, **how).tables().values())


def put(store: Store, rows: Sequence[Row], began: float = NOON, **how: Any) -> list[str]:
    """The same, in a store; returns the names of tables."""
    asked = Asked(rows, began, **how)
    names = []
    for partition, each in asked.tables().items():
        names.append(partition.file(f"{asked.instance}-{int(began):08d}"))
        store.put(names[-1], parquet(each))
    return names
