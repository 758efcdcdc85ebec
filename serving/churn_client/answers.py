"""What is asked about and what comes back, as types of this package's own: a caller needs nothing else of the project.

Fields that a newer gateway adds are ignored, so that a client need not be updated with it.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

DEGRADED = "degraded"
"""Who served an answer that no model gave: the scorecard that stands in while none can be reached."""
Value = str | float | int | bool | None
Features = Mapping[str, Value]


class Customer(msgspec.Struct, frozen=True):
    """A customer to ask about: an id, 1 to 128 characters, and every feature of the model by name; None for one that is
    not known."""

    customer_id: str
    features: Features

    def __repr__(self) -> str:  # what is logged by accident must not say who it is
        return f"Customer(<{len(self.features)} features>)"


class Model(msgspec.Struct, frozen=True):
    """The model that answered; ``simulated`` if it learned from simulated customers."""

    name: str
    version: str
    digest: str
    simulated: bool = False


class Segment(msgspec.Struct, frozen=True):
    """A segment by id, from 1, and by name."""

    id: int
    name: str


class Action(msgspec.Struct, frozen=True):
    """The action that is expected to bring most, ``none`` among them. Money is in the currency of the use case's value
    column, None where it names none; ``source`` says whether the effect behind it was measured or is assumed."""

    id: str
    name: str
    expected_value: float | None = None
    cost: float | None = None
    source: str | None = None


class Prediction(msgspec.Struct, frozen=True):
    """One customer's answer: ``churn_probability`` from 0 to 1 within the model's horizon, and why, where asked for."""

    customer_id: str
    churn_probability: float
    risk: Literal["low", "medium", "high"]
    segment: Segment
    action: Action
    reasons: tuple[str, ...] = ()


class AnswerWarning(msgspec.Struct, frozen=True):
    """What is odd about an answer, or about one customer's feature in it; ``nearest`` is the known level that may have
    been meant."""

    message: str
    customer_id: str = ""
    feature: str = ""
    nearest: str | None = None


class Predictions(msgspec.Struct, frozen=True):
    """The answer to one request, its customers in the order in which they were asked about."""

    request_id: str
    model: Model
    served_by: str
    predictions: tuple[Prediction, ...]
    warnings: tuple[AnswerWarning, ...] = ()

    @property
    def degraded(self) -> bool:
        """Whether the scorecard answered, since no model could be reached: good enough to go on, not to plan by."""
        return self.served_by == DEGRADED


class Scores(msgspec.Struct, frozen=True):
    """Probabilities and segments by row, as the Open Inference Protocol gives them."""

    model_name: str
    model_version: str
    digest: str
    served_by: str
    churn_probabilities: tuple[float, ...]
    segments: tuple[int, ...]

    @property
    def degraded(self) -> bool:
        """Whether the scorecard answered, since no model could be reached."""
        return self.served_by == DEGRADED


class Tensor(msgspec.Struct, frozen=True):
    """An input that the model takes: ``FP64`` or ``BYTES``."""

    name: str
    datatype: str


class Tensors(msgspec.Struct, frozen=True):
    """A model's inputs in its own order."""

    name: str
    inputs: tuple[Tensor, ...]


class Output(msgspec.Struct, frozen=True):
    """An output tensor of shape ``[rows]``."""

    name: str
    data: tuple[float, ...]


class InferReply(msgspec.Struct, frozen=True):
    """A V2 answer as it comes."""

    model_name: str
    outputs: tuple[Output, ...]
    model_version: str = ""
    parameters: dict[str, Any] = {}
