"""What each action would bring with each customer, and why some customers cannot get it.

It must not know budgets, capacities or what others get: that is the allocation's business.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy

from churn_campaigns.campaign.customers import Customers, Flags
from churn_campaigns.campaign.problem import Floats
from churn_model import money
from churn_model.rules import RISKS, ActionRule

FROM_HISTORY = "measured (history)"


DO_NOT_CONTACT, IN_ANOTHER_PLAN = "wants no contact", "in another plan"
NOT_PROVEN, NOT_REACHED = "effect not proven", "no campaign reached"
SEGMENT, RISK, WORTH, CONSENT = "another segment", "another risk", "worth too little", "no consent"
LATELY, OFTEN, NOT_MOVED = "contacted lately", "contacted often", "driven away or not moved"
DOES_NOT_PAY = "does not pay"
REASONS = (
    DO_NOT_CONTACT, IN_ANOTHER_PLAN, SEGMENT, RISK, WORTH, CONSENT, LATELY, OFTEN, NOT_MOVED, NOT_PROVEN, NOT_REACHED,
    DOES_NOT_PAY,
)  # fmt: skip
"""Why an action is not for a customer, whatever budget and capacities are."""


Codes = numpy.typing.NDArray[numpy.int8]


@dataclass(frozen=True)
class Offers:
    """``effect``: float [customers, actions], by how much the action lowers the customer's churn probability. ``net``:
    what it brings (:func:`~churn_model.money.net`), -inf where the customer cannot get it. ``measured``: bool
    [customers, actions], whether the effect was measured in past campaigns; elsewhere it is from where ``sources``, by
    action, says. ``worth``: as ``net``, but of all customers, whoever can get it. ``barred``: int [customers, actions],
    why not, the first reason's position in :data:`REASONS`; -1 where the action is possible and pays."""

    effect: Floats
    net: Floats
    measured: Flags
    sources: tuple[str, ...]
    worth: Floats
    barred: Codes

    @property
    def reasons(self) -> tuple[dict[str, int], ...]:
        """For each action how many customers cannot get it, each counted under the first reason."""
        counts = (numpy.bincount(column + 1, minlength=len(REASONS) + 1)[1:].tolist() for column in self.barred.T)
        return tuple({reason: count for reason, count in zip(REASONS, each, strict=True) if count} for each in counts)


def offers(
    customers: Customers, actions: Sequence[ActionRule], left_out: Flags | None = None, *, proven_only: bool = False
) -> Offers:
    """Every action held against every customer.

    An effect that past campaigns have shown takes the place of the use case's own, which says what share of would-be
    leavers stays and so lowers the churn probability by effect × probability; but only with customers whom those
    campaigns reached.

    Args:
        customers: with the effects of measured actions.
        actions: the use case's.
        left_out: bool [customers], who gets nothing because another plan has them (None: nobody).
        proven_only: leave out what rests on an assumed effect.
    """
    effect = numpy.empty((len(customers), len(actions)))
    worth = numpy.empty_like(effect)
    measured = numpy.zeros(effect.shape, dtype=bool)
    barred = numpy.full(effect.shape, -1, dtype=numpy.int8)
    for index, action in enumerate(actions):
        effect[:, index] = action.effect * customers.probability
        answers = customers.measured.get(action.id)
        if answers is not None:
            measured[:, index] = answers.reached
            effect[answers.reached, index] = answers.effect[answers.reached]
        costs = action.contact, action.offer
        worth[:, index] = money.net(effect[:, index], customers.probability, customers.value, *costs)
        barriers = _barriers(customers, action, effect[:, index])
        if left_out is not None:
            barriers = chain([(IN_ANOTHER_PLAN, left_out)], barriers)
        if customers.refused is not None:
            barriers = chain([(DO_NOT_CONTACT, customers.refused)], barriers)
        if proven_only:
            barriers = chain(barriers, _doubts(action, measured[:, index], known=answers is not None))
        for reason, concerned in chain(barriers, [(DOES_NOT_PAY, worth[:, index] <= 0)]):
            barred[concerned & (barred[:, index] < 0), index] = REASONS.index(reason)
    open_to = (barred < 0) | (barred == REASONS.index(DOES_NOT_PAY))
    net = numpy.where(open_to, worth, -numpy.inf)
    return Offers(effect, net, measured, tuple(action.source for action in actions), worth, barred)


def _doubts(action: ActionRule, measured: Flags, *, known: bool) -> Iterator[tuple[str, Flags]]:
    """Whom an action is not for because its effect on them was not shown."""
    if action.source != "measured":
        yield NOT_REACHED if known else NOT_PROVEN, ~measured


def _barriers(customers: Customers, action: ActionRule, effect: Floats) -> Iterator[tuple[str, Flags]]:
    """Reasons with whom they concern, in the order in which they count."""
    if action.segments:
        yield SEGMENT, ~numpy.isin(customers.segment, action.segments)
    yield RISK, ~numpy.isin(customers.risk, [RISKS.index(risk) for risk in action.risk])
    yield WORTH, customers.value < action.minimum_value
    if action.consent:
        yield CONSENT, ~customers.consent[action.consent]
    if action.rest_days:
        # An empty cell says that there was no contact, and no number is below an unknown one.
        yield LATELY, customers.days_since < action.rest_days
    if action.yearly_limit is not None:
        yield OFTEN, numpy.nan_to_num(customers.last_year) >= action.yearly_limit
    yield NOT_MOVED, effect <= 0
