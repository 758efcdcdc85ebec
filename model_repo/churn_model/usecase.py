"""A use case: one YAML file that says what a company's customers look like and what keeping them is worth.

It is configuration, never code. It knows nothing of data files, training or serving; the structures here are what
everybody else reads. Unknown keys are refused so that a typing error never silently changes a decision.
"""

import math
from pathlib import Path
from typing import Any

import msgspec
import yaml

from churn_model.documents import read_by_any_thread
from churn_model.economics import check_money, check_value, check_window, profit_rule
from churn_model.errors import UseCaseError
from churn_model.money import kept_factor
from churn_model.names import name_fault, usecase_name_fault
from churn_model.rules import (
    EVER,
    RISKS,
    SEGMENT_IDS,
    ActionRule,
    ContactRule,
    Feature,
    FeatureType,
    Label,
    ProfitRule,
    ProfitStatement,
    Risk,
    RiskRule,
    SegmentRule,
    TimeRule,
    ValueRule,
)

__all__ = [
    "RISKS",
    "SEGMENT_IDS",
    "ActionRule",
    "ContactRule",
    "Feature",
    "FeatureType",
    "Label",
    "ProfitRule",
    "Risk",
    "RiskRule",
    "SegmentRule",
    "TimeRule",
    "UseCase",
    "ValueRule",
    "load_usecase",
    "parse_usecase",
    "shipped_usecases",
]

SHIPPED_FOLDER = Path(__file__).parent / "usecases"
DEFAULT_MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "None")


@read_by_any_thread
class UseCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One industry or company. ``features`` may be empty in the file; training then infers them from the data.
    ``missing`` are the texts that mean «not known» in data files, beside blank ones. ``simulation`` holds what the
    simulator needs beside the features' own hints (the intercept of the churn log-odds, say). ``groups`` are features
    by which models are compared for fairness."""

    name: str
    id: str
    label: Label
    value: ValueRule
    title: str = ""
    missing: tuple[str, ...] = DEFAULT_MISSING
    features: tuple[Feature, ...] = ()
    segments: SegmentRule = SegmentRule()
    stated_profit: ProfitStatement = msgspec.field(default=ProfitStatement(), name="profit")
    risk: RiskRule = RiskRule()
    actions: tuple[ActionRule, ...] = ()
    contacts: ContactRule = ContactRule()
    time: TimeRule | None = None
    groups: tuple[str, ...] = ()
    simulation: dict[str, Any] = {}

    @property
    def model_name(self) -> str:
        """The name under which models of this use case are registered and served."""
        return f"churn-{self.name}"

    @property
    def profit(self) -> ProfitRule:
        """The economics by which models are compared."""
        return profit_rule(self.stated_profit, self.actions)

    @property
    def window_months(self) -> float | None:
        """Months over which the label looks, None where the use case does not say."""
        window = None if self.time is None or self.label.window == EVER else self.label.window
        return None if window is None or self.time is None else float(window) * self.time.months

    @property
    def kept_factor(self) -> float:
        """What the value column is multiplied with for what keeping a would-be leaver is worth."""
        return kept_factor(self.value, self.window_months)

    def with_features(self, features: tuple[Feature, ...]) -> "UseCase":
        """The same use case with its features filled in.

        Raises:
            UseCaseError: another part of the use case names a feature that is not among them.
        """
        filled = msgspec.structs.replace(self, features=features)
        _check_references(filled, f"use case {self.name}")
        return filled


def load_usecase(name_or_path: str | Path) -> UseCase:
    """Read a use case: the name of a shipped one (``telecom``, ``ecommerce``, ``banking``) or the path of a YAML file.

    Raises:
        UseCaseError: one line that names the file and the key.
    """
    path = Path(name_or_path)
    if path.suffix not in (".yaml", ".yml") and not path.exists():
        path = SHIPPED_FOLDER / f"{name_or_path}.yaml"
        if not path.is_file():
            shipped = ", ".join(shipped_usecases())
            raise UseCaseError(f"{name_or_path}: no such use case; give a YAML file or one of {shipped}")
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise UseCaseError(f"{path.name}: cannot be read ({reason})") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark else ""
        raise UseCaseError(f"{path.name}:{where} not valid YAML ({getattr(error, 'problem', 'unreadable')})") from error
    return parse_usecase(document, path.name)


def parse_usecase(document: object, source: str) -> UseCase:
    """Turn a parsed YAML document into a checked use case; ``source`` names it in errors."""
    if not isinstance(document, dict):
        raise UseCaseError(f"{source}: expected a mapping of keys, e.g. name, id, label, value")
    try:
        usecase = msgspec.convert(document, UseCase)
    except msgspec.ValidationError as error:
        raise UseCaseError(f"{source}: {error}".replace("Object", "the mapping").replace("`$.", "`")) from error
    _check(usecase, source)
    return usecase


def shipped_usecases() -> list[str]:
    """Names of the use cases that ship with the package."""
    return sorted(path.stem for path in SHIPPED_FOLDER.glob("*.yaml"))


def _check(usecase: UseCase, source: str) -> None:
    fault = usecase_name_fault(usecase.name)
    if fault:
        raise UseCaseError(f"{source}: `name` {fault}")
    for key, column in (
        ("id", usecase.id),
        ("label.column", usecase.label.column),
        ("value.column", usecase.value.column),
    ):
        _check_name(column, f"`{key}`", source)
    check_window(usecase.label, source)
    check_value(usecase.value, source)
    check_money(usecase.stated_profit, usecase.actions, source)
    _check_numbers(usecase, source)
    _check_actions(usecase.actions, source)
    if usecase.features:
        _check_references(usecase, source)


def _check_name(name: str, where: str, source: str) -> None:
    fault = name_fault(name)
    if fault:
        raise UseCaseError(f"{source}: {where} {name[:20]!a} {fault}")


def _check_numbers(usecase: UseCase, source: str) -> None:
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


def _check_actions(actions: tuple[ActionRule, ...], source: str) -> None:
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
        unknown = set(action.segments) - set(SEGMENT_IDS)
        if unknown:
            raise UseCaseError(f"{where}: unknown segment {min(unknown)}; segments are 1 to 4")
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


def _check_references(usecase: UseCase, source: str) -> None:
    names = [feature.name for feature in usecase.features]
    _check_feature_names(names, source)
    for special, key in ((usecase.id, "id"), (usecase.label.column, "label.column")):
        if special in names:
            raise UseCaseError(f"{source}: `{key}` {special!r} must not be a feature")
    for name in usecase.segments.features:
        if name not in names:
            raise UseCaseError(f"{source}: `segments.features` names {name!r}, which is not a feature")
    for name in usecase.groups:
        if name not in names:
            raise UseCaseError(f"{source}: `groups` names {name!r}, which is not a feature")
    numbers = [feature.name for feature in usecase.features if feature.type == "number"]
    if usecase.time is not None and usecase.time.column not in numbers:
        raise UseCaseError(f"{source}: `time.column` {usecase.time.column!r} is not a number feature")
    if usecase.time is not None and usecase.time.observed_since in names:
        raise UseCaseError(f"{source}: `time.observed_since` {usecase.time.observed_since!r} must not be a feature")
    if usecase.value.column not in numbers:
        raise UseCaseError(f"{source}: `value.column` {usecase.value.column!r} is not a number feature")
