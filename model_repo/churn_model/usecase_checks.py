"""What is asked of a use case beyond its shape: sound numbers, and parts that fit each other.

How the file is read is not its business.
"""

import math
from typing import Protocol

from churn_model.alike import meant
from churn_model.dates import is_impossible_date
from churn_model.economics import check_money, check_value, check_window
from churn_model.errors import UseCaseError
from churn_model.names import name_fault, usecase_name_fault
from churn_model.rules import (
    FEWEST_SEGMENTS,
    LARGEST_HOLDOUT,
    MOST_SEGMENTS,
    ActionRule,
    Feature,
    HoldoutRule,
    Label,
    LogRule,
    ProfitRule,
    ProfitStatement,
    RefreshRule,
    RiskRule,
    SegmentRule,
    TimeRule,
    ValueRule,
)

LARGEST_NUMBER = 1e15
"""Below it every whole number is told from the next; money, times and counts are far below."""
_SHOWN = 200


class _UseCase(Protocol):
    """The parts that are looked at."""

    @property
    def name(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def label(self) -> Label: ...
    @property
    def value(self) -> ValueRule | None: ...
    @property
    def features(self) -> tuple[Feature, ...]: ...
    @property
    def segments(self) -> SegmentRule: ...
    @property
    def profit(self) -> ProfitRule: ...
    @property
    def stated_profit(self) -> ProfitStatement: ...
    @property
    def risk(self) -> RiskRule: ...
    @property
    def actions(self) -> tuple[ActionRule, ...]: ...
    @property
    def time(self) -> TimeRule | None: ...
    @property
    def groups(self) -> tuple[str, ...]: ...
    @property
    def holdout(self) -> HoldoutRule: ...
    @property
    def refresh(self) -> RefreshRule | None: ...
    @property
    def prediction_log(self) -> LogRule: ...


def check(usecase: _UseCase, source: str) -> None:
    """Hold the parts of a use case against what they may be and against each other.

    Raises:
        UseCaseError: one line that names the file and the key.
    """
    fault = usecase_name_fault(usecase.name)
    if fault:
        raise UseCaseError(f"{source}: `name` {fault}")
    _check_name(usecase.label.column, "`label.column`", source)
    if usecase.id:
        _check_name(usecase.id, "`id`", source)
    if usecase.value is not None:
        _check_name(usecase.value.column, "`value.column`", source)
    _check_label(usecase.label, source)
    check_window(usecase.label, usecase.time, source)
    if usecase.value is not None:
        check_value(usecase.value, source)
    check_money(usecase.stated_profit, usecase.actions, source)
    _check_numbers(usecase, source)
    if not FEWEST_SEGMENTS <= usecase.segments.count <= MOST_SEGMENTS:
        problem = f"must be {FEWEST_SEGMENTS} to {MOST_SEGMENTS}, is {usecase.segments.count}"
        raise UseCaseError(f"{source}: `segments.count` {problem}")
    _check_actions(usecase.actions, usecase.segments.count, source)
    _check_contests(usecase.holdout, usecase.refresh, source)
    if usecase.features:
        check_references(usecase, source)


def _check_label(label: Label, source: str) -> None:
    if not label.leavers or label.negative == ():
        raise UseCaseError(f"{source}: `label.positive` and `label.negative` need a value each")
    if label.is_date and label.negative is not None:
        raise UseCaseError(
            f"{source}: `label.negative` has no meaning beside `positive: any date`: who has none stayed"
        )
    both = set(label.leavers) & set(label.stayers)
    if both:
        raise UseCaseError(f'{source}: "{min(both)}" is both `label.positive` and `label.negative`')


def check_finite(value: object, source: str, path: str = "") -> None:
    """Hold every number of a document, whatever it is for, against what can be counted with: a comparison with NaN is
    never true, and products of larger numbers are infinite.

    Raises:
        UseCaseError: one line that names the file and the key.
    """
    if isinstance(value, dict):
        for key, part in value.items():
            check_finite(part, source, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            check_finite(part, source, f"{path}[{index}]")
    elif isinstance(value, int | float) and not abs(value) <= LARGEST_NUMBER:
        problem = f"a number from {-LARGEST_NUMBER:.0e} to {LARGEST_NUMBER:.0e} was expected"
        raise UseCaseError(f"{source}: `{path[:_SHOWN] if path.isprintable() else ascii(path[:_SHOWN])}` {problem}")


def _check_name(name: str, where: str, source: str) -> None:
    fault = name_fault(name)
    if fault:
        raise UseCaseError(f"{source}: {where} {name[:20]!a} {fault}")


def _check_numbers(usecase: _UseCase, source: str) -> None:
    if not 0 < usecase.risk.medium < usecase.risk.high < 1:
        raise UseCaseError(f"{source}: `risk` needs 0 < medium < high < 1")
    profit = usecase.profit
    for key in ("customer_value", "acceptance_alpha", "acceptance_beta"):
        if getattr(profit, key) <= 0:
            raise UseCaseError(f"{source}: `profit.{key}` must be above 0")
    for key in ("offer_cost", "contact_cost"):
        if getattr(profit, key) < 0:
            raise UseCaseError(f"{source}: `profit.{key}` must not be negative")
    if not 0 < profit.budget_share <= 1:
        raise UseCaseError(f"{source}: `profit.budget_share` must be above 0 and at most 1")
    if usecase.time is not None and usecase.time.months <= 0:
        raise UseCaseError(f"{source}: `time.months` must be above 0")
    if usecase.time is not None and is_impossible_date(usecase.time.snapshot):
        raise UseCaseError(f"{source}: `time.snapshot` {usecase.time.snapshot[:20]!a} is not a date of the calendar")


def _check_contests(holdout: HoldoutRule, refresh: RefreshRule | None, source: str) -> None:
    if holdout.share is not None and not 0 < holdout.share <= LARGEST_HOLDOUT:
        raise UseCaseError(f"{source}: `holdout.share` must be above 0 and at most {LARGEST_HOLDOUT:g}")
    if refresh is not None and refresh.after_days < 0:
        raise UseCaseError(f"{source}: `refresh.after_days` must not be negative")
    if refresh is not None and not 0 < refresh.margin < 1:
        raise UseCaseError(f"{source}: `refresh.margin` is a share of what the champion earns, between 0 and 1")


def _check_actions(actions: tuple[ActionRule, ...], count: int, source: str) -> None:
    seen: set[str] = set()
    for index, action in enumerate(actions):
        where = f"{source}: `actions[{index}]` ({action.id})"
        if action.id in seen or action.id in ("", "none"):
            raise UseCaseError(f"{where}: `id` must be unique, not empty and not 'none'")
        seen.add(action.id)
        _check_name(action.id, f"`actions[{index}].id`", source)
        _check_name(action.name, f"`actions[{index}].name`", source)
        if not 0 <= action.cost < math.inf:
            problem = "must not be negative" if action.cost < 0 else "must be a number"
            raise UseCaseError(f"{where}: `cost` {problem}, is {action.cost:g}")
        if not 0 <= action.effect <= 1:
            raise UseCaseError(f"{where}: `effect` is a probability, 0 to 1, is {action.effect:g}")
        unknown = set(action.segments) - set(range(1, count + 1))
        if unknown:
            raise UseCaseError(f"{where}: unknown segment {min(unknown)}; segments are 1 to {count}")
        interval = action.effect_interval
        if interval is not None and not 0 <= interval[0] <= action.effect <= interval[1] <= 1:
            raise UseCaseError(f"{where}: `effect_interval` must hold `effect` and lie in 0 to 1")
        for key in ("capacity", "rest_days", "yearly_limit"):
            limit = getattr(action, key)
            if limit is not None and limit < 0:
                raise UseCaseError(f"{where}: `{key}` must not be negative, is {limit}")


def _check_feature_names(names: list[str], source: str) -> None:
    for index, name in enumerate(names):
        _check_name(name, f"`features[{index}].name`", source)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UseCaseError(f"{source}: feature {twice[0]!r} is listed twice")


def _require_features(named: tuple[str, ...], names: list[str], where: str) -> None:
    for name in named:
        if name not in names:
            raise UseCaseError(f"{where} names {name!r}, which is not a feature{meant(name, names)}")


def _require_number(name: str, numbers: list[str], where: str) -> None:
    if name not in numbers:
        raise UseCaseError(f"{where} {name!r} is not a number feature{meant(name, numbers)}")


def check_references(usecase: _UseCase, source: str) -> None:
    """Hold a use case whose features are known against them.

    Raises:
        UseCaseError: a part of it names a feature that is none, or one of another type.
    """
    names = [feature.name for feature in usecase.features]
    _check_feature_names(names, source)
    for special, key in ((usecase.id, "id"), (usecase.label.column, "label.column")):
        if special in names:
            raise UseCaseError(f"{source}: `{key}` {special!r} must not be a feature")
    _require_features(usecase.segments.features, names, f"{source}: `segments.features`")
    _require_features(usecase.groups, names, f"{source}: `groups`")
    _require_features(usecase.prediction_log.features, names, f"{source}: `prediction_log.features`")
    numbers = [feature.name for feature in usecase.features if feature.type == "number"]
    time = usecase.time
    if time is not None and time.column:
        _require_number(time.column, numbers, f"{source}: `time.column`")
    if time is not None and time.observed_since in names:
        raise UseCaseError(f"{source}: `time.observed_since` {time.observed_since!r} must not be a feature")
    if usecase.value is not None:
        _require_number(usecase.value.column, numbers, f"{source}: `value.column`")
