"""Predictions as plans: of one request, and of one batch of a long list, whose wrong customers are left out and the
others asked again without them.

It touches no socket; see ``exchange``.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from churn_client.answers import Customer, Model, Prediction, Predictions
from churn_client.batches import Batch, batches, write
from churn_client.errors import (
    ChurnClientError,
    FieldError,
    InvalidAnswer,
    InvalidRequest,
    PartialFailure,
    TooLarge,
)
from churn_client.exchange import Caller, Plan, Reply, ask, read
from churn_client.settings import MOST_BYTES, MOST_CUSTOMERS, MOST_EXPLAINED, Settings

_PATH = "/v1/predictions"
_PLACE = re.compile(r"customers\[(\d{1,6})\]")
_MOST_ROUNDS = 16
"""How often a batch is sent again without customers who are wrong: a gateway lists a hundred faults at a time."""


class Failure(NamedTuple):
    """Customers without an answer, by their places in the list, and why; the error's fields have the list's places."""

    places: tuple[int, ...]
    error: ChurnClientError


class Answered(NamedTuple):
    """What became of one batch."""

    answers: tuple[tuple[tuple[int, ...], Predictions], ...]
    failures: tuple[Failure, ...]


@dataclass
class ManyPredictions:
    """The answers to a long list, place by place: None for a customer who has none, which ``failures`` explain."""

    predictions: list[Prediction | None]
    failures: list[Failure] = field(default_factory=list)
    served_by: Counter[str] = field(default_factory=Counter)
    """How many customers each answered: primary, canary, fallback, degraded."""
    degraded_places: list[int] = field(default_factory=list)
    """Places of the customers whom the scorecard answered, since no model could be reached."""
    models: set[Model] = field(default_factory=set)
    """Who answered; more than one where a model was promoted meanwhile."""

    @property
    def degraded(self) -> bool:
        """Whether any answer is the scorecard's."""
        return bool(self.degraded_places)

    def raise_for_failures(self) -> None:
        """Return if every customer has an answer.

        Raises:
            PartialFailure: some have none.
        """
        if self.failures:
            missing = sum(len(failure.places) for failure in self.failures)
            raise PartialFailure(missing, len(self.predictions), [failure.error for failure in self.failures])

    def add(self, answered: Answered) -> None:
        """Put a batch's answers at their places."""
        for places, answer in answered.answers:
            self.served_by[answer.served_by] += len(places)
            self.models.add(answer.model)
            if answer.degraded:
                self.degraded_places.extend(places)
            for place, prediction in zip(places, answer.predictions, strict=True):
                self.predictions[place] = prediction
        self.failures.extend(answered.failures)


def predict(caller: Caller, customers: Sequence[Customer], *, explain: bool) -> Plan[Predictions]:
    """Ask about customers who fit into one request; the gateway judges whether they do."""
    body = Batch(tuple(range(len(customers))), tuple(write(customers)), explain).body
    reply = yield from ask(caller, "POST", _PATH, body)
    return _checked(reply, [customer.customer_id for customer in customers])


def split(settings: Settings, customers: Sequence[Customer], *, explain: bool) -> list[Batch]:
    """A long list as requests within the settings' bounds."""
    most = min(settings.batch_customers, MOST_EXPLAINED if explain else MOST_CUSTOMERS)
    return list(batches(write(customers), most, min(settings.batch_bytes, MOST_BYTES), explain=explain))


def answer_batch(caller: Caller, customers: Sequence[Customer], batch: Batch, until: float | None) -> Plan[Answered]:
    """Ask about one batch; whatever goes wrong is told as a failure of the customers whom it concerns."""
    failures: list[Failure] = []
    answers: list[tuple[tuple[int, ...], Predictions]] = []
    waiting = [(batch, _MOST_ROUNDS)]
    while waiting:
        asked, rounds = waiting.pop()
        if not asked.places:
            continue
        try:
            reply = yield from ask(caller, "POST", _PATH, asked.body, until)
            answers.append((asked.places, _checked(reply, [customers[place].customer_id for place in asked.places])))
        except TooLarge as error:
            if len(asked.places) == 1:
                failures.append(Failure(asked.places, error))
            else:
                waiting += [(half, rounds) for half in reversed(asked.halves())]
        except InvalidRequest as error:
            wrong = _wrong_customers(error, asked) if rounds else []
            if wrong:
                failures += wrong
                left_out = frozenset(place for failure in wrong for place in failure.places)
                waiting.append((asked.without(left_out), rounds - 1))
            else:
                failures.append(Failure(asked.places, error))
        except ChurnClientError as error:
            failures.append(Failure(asked.places, error))
    return Answered(tuple(answers), tuple(failures))


def _wrong_customers(error: InvalidRequest, batch: Batch) -> list[Failure]:
    """A failure for each customer whom the gateway named, with their place in the list instead of the request's; none
    where it named something else as well as or instead of customers."""
    by_place: dict[int, list[FieldError]] = {}
    for each in error.errors:
        found = _PLACE.match(each.field)
        index = int(found[1]) if found else len(batch.places)
        if index >= len(batch.places):
            continue  # «and so many more», which the next round names
        place = batch.places[index]
        field_there = f"customers[{place}]{each.field[found.end() :]}" if found else each.field
        by_place.setdefault(place, []).append(FieldError(field_there, _PLACE.sub("another customer", each.message)))
    return [
        Failure((place,), InvalidRequest(error.status, msgspec.structs.replace(error.problem, errors=tuple(found))))
        for place, found in by_place.items()
    ]


def _checked(reply: Reply, customer_ids: Sequence[str]) -> Predictions:
    answer = read(reply, Predictions)
    if [prediction.customer_id for prediction in answer.predictions] != list(customer_ids):
        raise InvalidAnswer("the answer is about other customers than were asked about")
    return answer
