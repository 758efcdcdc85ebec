"""What a use case leaves open about money and its customers can say, and where the two contradict each other.

Models are then compared, and packages decide, by the very same value of a customer. It must not know models.
"""

from dataclasses import replace

import msgspec
import numpy

from churn_data.dataset import Dataset
from churn_model.money import net
from churn_model.rules import ActionRule
from churn_model.usecase import UseCase

FAR = 2.0
"""A stated number so many times the one that follows from the rest of the use case, or the other way round, is a
contradiction, not a rounding."""


def with_economics(dataset: Dataset) -> tuple[Dataset, tuple[str, ...]]:
    """The same customers, in whose use case nothing about money is open any more, and lines about contradictions.

    Where nobody says how long those who are kept stay, they leave as often as these customers do; where nobody says
    what a kept customer is worth, it is the mean of what keeping each of these is. Where nobody says what customers are
    worth at all, no money is told, and nothing is to be closed.
    """
    if dataset.usecase.value is None:
        return dataset, ()
    usecase = _with_retention(dataset.usecase, dataset.churn_rate)
    amounts = dataset.frame[usecase.required_value().column]
    amounts = amounts.fillna(amounts.median())
    values = amounts.clip(lower=0.0).to_numpy(dtype=float) * usecase.kept_factor
    stated = usecase.stated_profit
    warnings = tuple(f"use case {usecase.name}: {line}" for line in _contradictions(dataset.usecase, values))
    if stated.customer_value is None and values.mean() > 0:
        stated = msgspec.structs.replace(stated, customer_value=float(values.mean()))
    return replace(dataset, usecase=msgspec.structs.replace(usecase, stated_profit=stated)), warnings


def _with_retention(usecase: UseCase, churn_rate: float) -> UseCase:
    window, value = usecase.window_months, usecase.required_value()
    if value.retention or window is None:
        return usecase
    monthly = (1.0 - churn_rate) ** (1.0 / window)
    return msgspec.structs.replace(usecase, value=msgspec.structs.replace(value, retention=(monthly,)))


def _contradictions(usecase: UseCase, values: numpy.ndarray) -> list[str]:
    """`values`: what keeping each customer is worth, float [customers]."""
    lines = []
    if usecase.required_value().margin == 1.0:
        column = usecase.required_value().column
        lines.append(f"`value.margin` is 1: all of {column} counts as profit, nothing is taken off for costs")
    if usecase.window_months is None:
        lines.append(
            "no `label.window` with `time`: a would-be leaver counts as gone today, which makes keeping dearer"
        )
    stated, mean = usecase.stated_profit.customer_value, float(values.mean())
    if stated is not None and _far(stated, mean):
        lines.append(
            f"`profit.customer_value` is {stated:g}, by `value` keeping a customer is worth {mean:.2f} on average: "
            "models are compared by the one, decisions made by the other"
        )
    profit = usecase.profit
    accepted = profit.acceptance_alpha / (profit.acceptance_alpha + profit.acceptance_beta)
    best = max((action.effect for action in usecase.actions), default=None)
    if best is not None and not usecase.stated_profit.action and (best == 0 or _far(accepted, best)):
        lines.append(
            f"`profit` expects {accepted:.0%} of would-be leavers to accept, the best of `actions` keeps {best:.0%}; "
            "`profit.action` names the one that models are compared by"
        )
    return lines + [line for action in usecase.actions if (line := _useless(action, float(values.max())))]


def _useless(action: ActionRule, highest: float) -> str:
    if action.minimum_value > highest:
        return (
            f"action {action.id} asks for a value of {action.minimum_value:g}, keeping the best customer is worth "
            f"{highest:.2f}: it is nobody's"
        )
    if net(action.effect, 1.0, highest, action.contact, action.offer) <= 0:
        return f"action {action.id} does not even pay for a sure leaver of the highest value, {highest:.2f}"
    return ""


def _far(one: float, other: float) -> bool:
    return not (other / FAR <= one <= other * FAR)
