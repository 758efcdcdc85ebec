"""A Python client of the gateway: typed, synchronous and asynchronous, patient within bounds.

For programs of other teams, so it stands alone: it imports nothing of this project's but its own modules, and of others
httpx (with anyio) and msgspec. ``pip install "CHECKOUT[client]"``: no public index has it.
"""

from churn_client.answers import (
    Action,
    AnswerWarning,
    Customer,
    Features,
    Model,
    Prediction,
    Predictions,
    Scores,
    Segment,
)
from churn_client.async_client import AsyncChurnClient
from churn_client.client import ChurnClient
from churn_client.errors import (
    ChurnClientError,
    DeadlineExceeded,
    FieldError,
    InvalidAnswer,
    InvalidRequest,
    InvalidSettings,
    NotFound,
    PartialFailure,
    Problem,
    Refused,
    ServiceFailed,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    Unreachable,
)
from churn_client.predicting import Failure, ManyPredictions
from churn_client.settings import Settings

__all__ = [
    "Action",
    "AnswerWarning",
    "AsyncChurnClient",
    "ChurnClient",
    "ChurnClientError",
    "Customer",
    "DeadlineExceeded",
    "Failure",
    "Features",
    "FieldError",
    "InvalidAnswer",
    "InvalidRequest",
    "InvalidSettings",
    "ManyPredictions",
    "Model",
    "NotFound",
    "PartialFailure",
    "Prediction",
    "Predictions",
    "Problem",
    "Refused",
    "Scores",
    "Segment",
    "ServiceFailed",
    "Settings",
    "TooLarge",
    "TooManyRequests",
    "Unauthenticated",
    "Unavailable",
    "Unreachable",
]
