"""The answer to ``POST /v1/predictions``: from scores to what a caller wants to know, and its documentation.

Which action pays is decided by the answering model's own package; here it is given the form that callers see.
"""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from churn_model import Row
from churn_model.rules import Source
from churn_model.spelling import Note
from churn_model.usecase import Risk
from churn_serving.core.dispatch import Outcome
from churn_serving.core.explanations import Explained
from churn_serving.gateway.warnings import CustomerWarning, about_answer, about_reasons, customer_warnings

_REASONS = (
    "Why this customer may leave, in plain words, at most three: what raises the churn most comes first. Empty unless "
    "the request said explain, when nothing raises it noticeably, and when none can be had: then `warnings` says why."
)


class ModelName(msgspec.Struct, frozen=True, gc=False):
    """Which model answered."""

    name: str
    version: str
    digest: str
    simulated: bool


class SegmentName(msgspec.Struct, frozen=True, gc=False):
    """A segment by id, from 1, and by name."""

    id: int
    name: str


class Action(msgspec.Struct, frozen=True, gc=False):
    """The chosen action; money in the currency of the use case's value column, null where it names none. ``source``
    says whether the effect that ``expected_value`` rests on was measured or is assumed, null of no action."""

    id: str
    name: str
    expected_value: float | None
    cost: float | None
    source: Source | None


class Prediction(msgspec.Struct, frozen=True, gc=False):
    """One customer's answer."""

    customer_id: str
    churn_probability: float
    risk: Risk
    segment: SegmentName
    action: Action
    reasons: Annotated[list[str], msgspec.Meta(description=_REASONS)]


class Predictions(msgspec.Struct, frozen=True, omit_defaults=True):
    """A request's answer; ``warnings`` only where there are some."""

    request_id: str
    model: ModelName
    served_by: str
    predictions: list[Prediction]
    warnings: list[CustomerWarning] = []


def decide(
    request_id: str,
    customer_ids: Sequence[str],
    rows: Sequence[Row],
    outcome: Outcome,
    notes: Sequence[Note] = (),
    decided: list[Prediction] | None = None,
) -> Predictions:
    """Attach risk, segment name and action to an outcome's scores, customer by customer, and warn of what was noted.
    ``decided``: what :func:`decide_each` has found of them already."""
    description = outcome.description
    manifest = description.manifest
    predictions = decide_each(customer_ids, rows, outcome) if decided is None else decided
    model = ModelName(manifest.name, manifest.version, description.digest, manifest.training_data.simulated)
    unseen = customer_warnings(notes, customer_ids, rows, description.schema)
    warnings = about_answer(outcome.served_by) + unseen
    return Predictions(request_id, model, outcome.served_by, predictions, warnings)


def decide_each(customer_ids: Sequence[str], rows: Sequence[Row], outcome: Outcome) -> list[Prediction]:
    """Each customer's answer."""
    description = outcome.description
    profiles = description.segmenter.profiles
    predictions = []
    for customer_id, row, probability, segment in zip(
        customer_ids, rows, outcome.scores.probabilities, outcome.scores.segments, strict=True
    ):
        chosen = description.actions.decide(probability, segment, row)
        action = Action(chosen.id, chosen.name, chosen.expected_value, chosen.cost, chosen.source)
        named = SegmentName(segment, profiles[segment].name)
        predictions.append(Prediction(customer_id, probability, chosen.risk, named, action, []))
    return predictions


def with_reasons(predictions: Predictions, found: Explained) -> Predictions:
    """The same answer with each customer's reasons, or with a word on why there are none."""
    explained = [
        msgspec.structs.replace(prediction, reasons=words)
        for prediction, words in zip(predictions.predictions, found.reasons, strict=True)
    ]
    warnings = predictions.warnings + about_reasons(found.ending)
    return msgspec.structs.replace(predictions, predictions=explained, warnings=warnings)
