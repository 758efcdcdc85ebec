"""What answers were worth, by the one rule of money: the best campaign that their order allows, and the actions that
were recommended, by what became of each customer.

Whether an action was carried out the log does not say, nor what would have become of a customer without it: effects are
the use case's, and only arms that were dealt by chance show others (`arms.py`). It must not know how customers are
counted.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from churn_model.money import net
from churn_model.profit import Tally, empc_of, worths_of
from churn_model.rules import ActionRule, ProfitRule
from churn_model.usecase import UseCase
from churn_monitoring.outcomes.measures import Interval, enough, mean_from, mean_of
from churn_monitoring.outcomes.slices import Decisions

NO_ACTION = "none"


class Money(NamedTuple):
    """Money a customer, in the currency of the use case; None where nobody says what customers are worth, the log has
    not kept it, or too few left or stayed. `empc`: the expected maximum profit of a campaign by these scores. `profit`:
    what the recommended actions bring at their effects, now that it is known who would leave; `expected`: what was
    expected of them when they were recommended, of the same customers, `decided` many, whose profit in all is `earned`.
    `unknown_actions` were recommended to customers who do not count: the use case has them no longer."""

    empc: Interval | None
    profit: Interval | None
    expected: float | None
    earned: Interval | None
    decided: int
    unknown_actions: int


class Worth(NamedTuple):
    """What keeping a customer is worth: an amount for each of value 1 (`factor`), or one for all (`flat`)."""

    factor: float | None
    flat: float | None


def worth_of(usecase: UseCase, *, has_values: bool) -> Worth:
    """What keeping customers is worth, as far as it is known."""
    factor = usecase.kept_factor if usecase.value is not None and has_values else None
    return Worth(factor, usecase.stated_profit.customer_value)


def money(counted: Tally, made: Iterable[Decisions], usecase: UseCase, worth: Worth) -> Money:
    """The money of one tally and the decisions of its customers."""
    found = list(made)
    mean = _mean_worth(found, worth) if enough(counted) else None
    expected_profit = (
        None if mean is None else _empc(counted, msgspec.structs.replace(usecase.profit, customer_value=mean))
    )
    actions = {action.id: action for action in usecase.actions}
    known = [each for each in found if each.action == NO_ACTION or each.action in actions]
    unknown = sum(each.customers for each in found if each.action is not None) - sum(each.customers for each in known)
    decided = sum(each.customers for each in known)
    profit = _profit(known, actions, worth, mean) if decided and mean is not None else None
    expected = sum(each.expected for each in known) / decided if profit is not None else None
    earned = None if profit is None else profit.times(decided)
    return Money(expected_profit, profit, expected, earned, decided, unknown)


def _empc(counted: Tally, rule: ProfitRule) -> Interval:
    """EMPC with the interval of the mean of what each customer adds to it, whose thresholds are the best ones for every
    acceptance, so that moving them changes nothing to first order."""
    return mean_of(counted, *worths_of(counted, rule))._replace(estimate=empc_of(counted, rule).profit)


def _mean_worth(made: Iterable[Decisions], worth: Worth) -> float | None:
    """What models are compared by: what is stated, else the mean of these customers."""
    if worth.flat is not None or worth.factor is None:
        return worth.flat
    valued, values = (sum(amounts) for amounts in zip(*((each.valued, each.values) for each in made), strict=True))
    return worth.factor * values / valued if valued and values > 0 else None


def _profit(made: Iterable[Decisions], actions: Mapping[str, ActionRule], worth: Worth, mean: float) -> Interval:
    """The mean of what the recommended actions bring; a customer whose value is missing has the mean of the others."""
    size = 0
    total = squares = 0.0
    for each in made:
        size += each.customers
        if each.action != NO_ACTION and each.action is not None:
            slope, base = _line(actions[each.action], churned=each.churned)
            factor = worth.factor if worth.factor is not None else 0.0
            valued = each.valued if worth.factor is not None else 0
            values, value_squares = factor * each.values, factor**2 * each.squares
            same = base + slope * mean
            total += slope * values + base * valued + same * (each.customers - valued)
            squares += slope**2 * value_squares + 2 * slope * base * values + base**2 * valued
            squares += same**2 * (each.customers - valued)
    return mean_from(size, total, squares)


def _line(action: ActionRule, *, churned: bool) -> tuple[float, float]:
    """What an action brings to somebody who leaves, or stays, as slope and base of a line over what they are worth."""
    leaves = float(churned)
    base = net(action.effect * leaves, leaves, 0.0, action.contact, action.offer)
    return net(action.effect * leaves, leaves, 1.0, action.contact, action.offer) - base, base
