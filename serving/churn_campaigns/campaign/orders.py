"""What somebody orders on the command line, held against the actions there are: budget, capacities, holdout.

Every refusal is one line that names the option. It must not know customers or models.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import numpy

from churn_campaigns.campaign.problem import Integers
from churn_campaigns.experiment.assignment import CONTROL
from churn_campaigns.experiment.boundaries import equal_looks, require_level
from churn_data.cells import parse_number
from churn_data.errors import DataError, glimpse
from churn_model.errors import UseCaseError
from churn_model.rules import ActionRule, ContactRule

LONGEST_WINDOW, LATEST_YEAR = 3_660, 9_000


@dataclass(frozen=True)
class Rules:
    """What a campaign may do: the actions, the columns with earlier contacts, and what a missing cell looks like.
    ``source`` names in errors where they come from. ``groups``: features by whose values is told who is contacted."""

    actions: tuple[ActionRule, ...]
    contacts: ContactRule
    missing: frozenset[str]
    source: str
    groups: tuple[str, ...] = ()

    def check(self) -> None:
        """Whether the actions can be decided about.

        Raises:
            UseCaseError: there are none, or one counts earlier contacts and no column says how many there were.
        """
        if not self.actions:
            raise UseCaseError(f"{self.source}: `actions` is empty, a campaign needs at least one")
        for index, action in enumerate(self.actions):
            where = f"{self.source}: `actions[{index}]` ({action.id})"
            if action.id == CONTROL:
                raise UseCaseError(f"{where}: `id` is the word for those who are held out, another one was expected")
            if action.rest_days and not self.contacts.days_since_column:
                raise UseCaseError(f"{where}: `rest_days` needs `contacts.days_since_column`, which names no column")
            if action.yearly_limit is not None and not self.contacts.last_year_column:
                raise UseCaseError(f"{where}: `yearly_limit` needs `contacts.last_year_column`, which names no column")


@dataclass(frozen=True)
class Order:
    """``budget``: money for all who are treated; ``capacity``: int [actions], to how many of them, -1 for no limit;
    ``holdout``: share of customers, 0 to 1, dealt out by ``salt``; ``proven_only``: leave out what rests on assumed
    effects; ``left_out``: ids of customers who get nothing and are in no comparison; ``trial``: deal actions by
    chance."""

    budget: float
    capacity: Integers
    holdout: float
    salt: str
    proven_only: bool = False
    left_out: frozenset[str] = frozenset()
    trial: bool = False


def read_order(
    actions: Sequence[ActionRule], budget: str, capacities: Sequence[str], holdout: str | None, salt: str | None
) -> Order:
    """The options as numbers.

    Raises:
        DataError: an option that is no number or out of bounds, a budget that pays for nobody, an unknown action, a
            holdout without salt or a salt without holdout.
    """
    if (holdout is None) != (salt is None):
        raise DataError("--holdout", "needs --salt, and --salt needs it: the salt says which customers are held out")
    if salt is not None and not salt.strip():
        raise DataError("--salt", "is empty, a name of the experiment was expected")
    share = 0.0 if holdout is None else _number("--holdout", holdout)
    if not 0 <= share < 1:
        raise DataError("--holdout", f"is a share of at least 0 and below 1, is {share:g}")
    return Order(_budget("--budget", actions, budget), _capacity(actions, capacities), share, salt or "")


def read_then(actions: Sequence[ActionRule], trial: Order, budget: str) -> Order:
    """The order of the campaign after a trial, with the trial's capacities, and nobody held out.

    Raises:
        DataError: no trial was ordered, or the budget is no number or pays for nobody.
    """
    if not trial.trial:
        raise DataError("--then", "needs --trial: it is the money of the campaign after one")
    return replace(trial, budget=_budget("--then", actions, budget), holdout=0.0, salt="", trial=False)


@dataclass(frozen=True)
class Promise:
    """What is promised when a plan is frozen: its day, how often chance alone may show an effect, how many looks are
    planned, and for how many days outcomes count."""

    planned_on: date
    alpha: float
    looks: int
    window_days: int


def read_promise(planned_on: date | None, alpha: float, looks: int, window_days: int) -> Promise:
    """The options of a plan's experiment.

    Raises:
        DataError: too few or too many looks, or a window, level or day with which nothing can be read.
    """
    try:
        equal_looks(looks)
    except ValueError as problem:
        raise DataError("--looks", str(problem)) from None
    if window_days < 1:
        raise DataError("--window-days", f"is {window_days}, at least 1 was expected")
    if window_days > LONGEST_WINDOW:
        raise DataError("--window-days", f"is {window_days}, at most {LONGEST_WINDOW} were expected")
    try:
        require_level(alpha)
    except ValueError as problem:
        raise DataError("--alpha", str(problem)) from None
    day = planned_on or datetime.now(UTC).date()
    if day.year > LATEST_YEAR:
        raise DataError("--date", f"is {day}, too late for outcomes that anybody will see")
    return Promise(day, alpha, looks, window_days)


def _number(option: str, text: str) -> float:
    try:
        return parse_number(text)
    except ValueError as problem:
        raise DataError(option, f'"{glimpse(text)}" {problem}') from None


def _budget(option: str, actions: Sequence[ActionRule], text: str) -> float:
    budget = _number(option, text)
    if budget < 0:
        raise DataError(option, f"must not be negative, is {budget:g}")
    cheapest = min(actions, key=lambda action: action.cost)
    if budget < cheapest.cost:
        problem = f'{budget:g} pays for nobody, the cheapest action "{cheapest.id}" costs {cheapest.cost:g}'
        raise DataError(option, problem)
    return budget


def _capacity(actions: Sequence[ActionRule], given: Sequence[str]) -> Integers:
    capacity = numpy.array([-1 if action.capacity is None else action.capacity for action in actions], dtype=int)
    names = [action.id for action in actions]
    seen: set[str] = set()
    for text in given:
        name, _, number = text.rpartition("=")
        if not number.isdecimal() or not name:
            raise DataError("--capacity", f'"{glimpse(text)}" is not ACTION=N with a whole number N of at least 0')
        if name not in names:
            raise DataError("--capacity", f'there is no action "{glimpse(name)}", there are {", ".join(names)}')
        if name in seen:
            raise DataError("--capacity", f'"{name}" is given twice')
        seen.add(name)
        # What no campaign reaches need not fit into a machine's integer.
        capacity[names.index(name)] = min(int(number), math.ceil(2**62))
    return capacity
