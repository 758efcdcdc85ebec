"""The `simulate` hints of a use case, checked: how values are distributed and how they move the risk to leave.

Structures only; drawing numbers is simulate.py's business.
"""

from typing import Literal, TypeVar

import msgspec

from churn_model.errors import UseCaseError
from churn_model.struct_faults import in_words
from churn_model.usecase import Feature, UseCase

Distribution = Literal["normal", "lognormal", "uniform", "exponential", "poisson", "beta", "yes-or-no", "product"]


class Unless(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where an earlier feature has this level, the value is `then` instead."""

    feature: str
    level: str
    then: str


class CategoryHint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`levels`: share (scaled to sum to 1) and effect on the log-odds of churn; `missing`: share left blank."""

    levels: dict[str, tuple[float, float]]
    unless: Unless | None = None
    missing: float = 0.0


class NumberHint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A distribution with the parameters it needs, cut to `low` and `high` and rounded to `decimals`. `effect` moves
    the log-odds of churn for each standard deviation above the mean; `missing` is the share left blank.

    normal: mean, deviation. lognormal: mean (of the logarithm), deviation. uniform: low, high. exponential and poisson:
    mean. beta: alpha, beta, stretched from low to high. yes-or-no: share (of ones). product: the `of` earlier
    numbers, times a factor around 1 with deviation `spread`.
    """

    distribution: Distribution
    mean: float = 0.0
    deviation: float = 1.0
    alpha: float = 1.0
    beta: float = 1.0
    share: float = 0.5
    of: tuple[str, ...] = ()
    spread: float = 0.0
    low: float | None = None
    high: float | None = None
    decimals: int = 2
    effect: float = 0.0
    missing: float = 0.0


class Simulation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`intercept`: log-odds of churn for a customer whose features have no effect; it sets the base churn rate."""

    intercept: float = 0.0


Hint = CategoryHint | NumberHint
Parsed = TypeVar("Parsed")


def can_simulate(usecase: UseCase) -> bool:
    """Whether every feature says how it is distributed."""
    return bool(usecase.features) and all(feature.simulate is not None for feature in usecase.features)


def simulation_of(usecase: UseCase) -> Simulation:
    """The part of the simulation that belongs to no feature.

    Raises:
        UseCaseError: an unknown key or a value of the wrong type.
    """
    return _convert(usecase.simulation, Simulation, f"use case {usecase.name}", "simulation")


def hint_of(feature: Feature, usecase: UseCase) -> Hint:
    """A feature's hint.

    Raises:
        UseCaseError: one line that names the feature and what is wrong with its hint.
    """
    inside = place_of(feature, usecase)
    owner = f"use case {usecase.name}: feature {feature.name!r}"
    where = f"{owner}, `{inside}`"
    if feature.simulate is None:
        raise UseCaseError(f"{where} is missing, so there is nothing to simulate from")
    if feature.type == "number":
        return _checked(_convert(feature.simulate, NumberHint, owner, inside), where)
    hint = _convert(feature.simulate, CategoryHint, owner, inside)
    if not hint.levels or any(share < 0 for share, _ in hint.levels.values()) or not _shares(hint):
        raise UseCaseError(f"{where}: `levels` needs shares that are not negative and not all zero")
    return hint


def place_of(feature: Feature, usecase: UseCase) -> str:
    """The path of a feature's hint in the use case's file."""
    names = [other.name for other in usecase.features]
    return f"features[{names.index(feature.name)}].simulate" if feature.name in names else "simulate"


def _checked(hint: NumberHint, where: str) -> NumberHint:
    if hint.distribution in ("uniform", "beta") and (hint.low is None or hint.high is None):
        raise UseCaseError(f"{where}: {hint.distribution} needs `low` and `high`")
    if hint.low is not None and hint.high is not None and hint.low > hint.high:
        raise UseCaseError(f"{where}: `low` is above `high`")
    if hint.distribution == "product" and not hint.of:
        raise UseCaseError(f"{where}: product needs `of` with earlier features")
    if min(hint.deviation, hint.alpha, hint.beta, hint.spread, hint.share, hint.decimals) < 0:
        raise UseCaseError(f"{where}: a parameter is negative that must not be")
    return hint


def _shares(hint: CategoryHint) -> float:
    return sum(share for share, _ in hint.levels.values())


def _convert(document: object, kind: type[Parsed], where: str, inside: str) -> Parsed:
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        raise UseCaseError(f"{where}: {in_words(error, kind, inside)}") from None
