"""Real logs of made-up answers: written as the gateway writes them, taken away by the shipper's own code."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

from churn_model.prediction_log.pseudonyms import PseudonymKey
from churn_model.prediction_log.records import AnswerNote, CustomerNote, ModelNote
from churn_model.usecase import UseCase, parse_usecase
from churn_monitoring.outcomes.database import Limits
from churn_monitoring.outcomes.findings import Loaded
from churn_monitoring.outcomes.labels import LabelColumns
from churn_monitoring.outcomes.loading import load_labels
from churn_monitoring.outcomes.report import Asked, OfModel, Report, report
from churn_monitoring.prediction_log.metrics import ShipperMetrics
from churn_monitoring.prediction_log.shipping import ship
from churn_monitoring.prediction_log.store import Store
from tests.prediction_log.shipped import KEY, write_segment

DOCUMENT = {
    "name": "sample",
    "id": "customer",
    "label": {"column": "churned", "positive": "yes", "negative": "no", "window": 1},
    "time": {"column": "tenure", "months": 1},
    "value": {"column": "charges", "months": 12, "margin": 0.4, "retention": [0.97]},
    "groups": ["region", "gender"],
    "actions": [
        {"id": "call", "name": "A call", "cost": 12, "contact_cost": 2, "effect": 0.2},
        {"id": "mail", "name": "A letter", "cost": 1, "effect": 0.05},
    ],
    "features": [
        {"name": "tenure", "type": "number"},
        {"name": "charges", "type": "number"},
        {"name": "region", "type": "category"},
        {"name": "gender", "type": "category"},
    ],
    "prediction_log": {"features": ["charges", "region"]},
}
SAMPLE: UseCase = parse_usecase(DOCUMENT, "sample.yaml")
WINDOW = 30
FIRST, LAST = date(2026, 9, 1), date(2026, 9, 30)
LIMITS = Limits("1GB", 1)
MODELS = tuple(
    ModelNote(
        number, "sample", "churn-sample", str(number + 1), f"sha256:{number:064x}", ("charges", "region"), (True, False)
    )
    for number in range(2)
)


class Answer(NamedTuple):
    """An answer to one customer (None: who sent no id)."""

    customer: str | None
    day: date
    probability: float = 0.5
    segment: int = 1
    action: str | None = "call"
    expected: float | None = 1.0
    charges: float | None = 50.0
    region: str | None = "north"
    model: int = 0
    second: int = 0


def note_of(answer: Answer, key: PseudonymKey = KEY) -> AnswerNote:
    moment = datetime(answer.day.year, answer.day.month, answer.day.day, 12, tzinfo=UTC).timestamp() + answer.second
    customer = CustomerNote(
        None if answer.customer is None else key.of(answer.customer),
        (answer.charges, answer.region),
        answer.probability,
        answer.segment,
        answer.action,
        answer.expected,
    )
    return AnswerNote(moment, "r", "/v1/predictions", answer.model, "primary", None, 1.0, key.id, (customer,))


class Home:
    """A store in a folder, what is answered and said of customers there, and what is reported."""

    def __init__(self, folder: Path, usecase: UseCase = SAMPLE, keys: Sequence[PseudonymKey] = (KEY,)) -> None:
        self.folder, self.usecase, self.keys = folder, usecase, keys
        self.store = Store(folder / "log")
        self._files = 0

    def answered(self, *answers: Answer, key: PseudonymKey = KEY) -> None:
        write_segment(self.folder / "segments", *MODELS, *(note_of(answer, key) for answer in answers))
        shipped = ship(self.folder / "segments", self.store, ShipperMetrics(), print)
        assert (shipped.rows, shipped.left) == (len(answers), 0)

    def file(self, rows: Iterable[Sequence[object]], header: str = "customer,churned,outcome_on") -> Path:
        self._files += 1
        path = self.folder / f"labels-{self._files}.csv"
        path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
        return path

    def said(
        self, *rows: Sequence[object], header: str = "customer,churned,outcome_on", otherwise: date | None = None
    ) -> Loaded:
        columns = LabelColumns(otherwise=otherwise)
        return load_labels(self.file(rows, header), self.usecase, columns, self.keys, self.store, LIMITS)

    def report(self, asked: Asked | None = None) -> Report:
        return report(self.usecase, self.store, asked or Asked((FIRST, LAST)), LIMITS)

    def only_model(self, asked: Asked | None = None) -> OfModel:
        (found,) = self.report(asked).models
        return found
