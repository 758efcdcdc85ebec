"""A use case: one YAML file that says what a company's customers look like and what keeping them is worth.

It is configuration, never code. It knows nothing of data files, training or serving; the structures here are what
everybody else reads. Unknown keys are refused so that a typing error never silently changes a decision.
"""

import re
from pathlib import Path
from typing import Any

import msgspec

from churn_model.documents import read_by_any_thread
from churn_model.economics import profit_rule
from churn_model.errors import UseCaseError
from churn_model.money import kept_factor
from churn_model.rules import (
    EVER,
    RISKS,
    ActionRule,
    ContactRule,
    Feature,
    FeatureType,
    HoldoutRule,
    Label,
    LogRule,
    ProfitRule,
    ProfitStatement,
    RefreshRule,
    RefreshTerms,
    Risk,
    RiskRule,
    SegmentRule,
    TimeRule,
    ValueRule,
)
from churn_model.struct_faults import in_words
from churn_model.usecase_checks import check, check_finite, check_references
from churn_model.usecase_file import find_usecase, is_shipped, read_document, read_text, shipped_usecases, shown
from churn_model.usecase_places import with_line
from churn_model.usecase_texts import check_texts

__all__ = [
    "RISKS",
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

_OWNER = re.compile(r"use case \S+")
DEFAULT_MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "None")


@read_by_any_thread
class UseCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One industry or company. ``features`` may be empty in the file; training then infers them from the data. Without
    ``id`` rows are numbered, without ``value`` no money is told of anybody.
    ``missing`` are the texts that mean «not known» in data files, beside blank ones. ``simulation`` holds what the
    simulator needs beside the features' own hints (the intercept of the churn log-odds, say). ``groups`` are features
    by which models are compared for fairness. Without ``refresh`` an old champion stays until one is better.
    ``prediction_log`` says which features may be kept beside answers."""

    name: str
    label: Label
    id: str = ""
    value: ValueRule | None = None
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
    holdout: HoldoutRule = HoldoutRule()
    refresh: RefreshRule | None = None
    prediction_log: LogRule = LogRule()
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
    def refresh_terms(self) -> RefreshTerms | None:
        """What a model of this use case takes along about giving way when it is old; None where it does not."""
        return None if self.refresh is None else RefreshTerms(self.refresh, self.profit)

    @property
    def tells_money(self) -> bool:
        """Whether somebody said what customers are worth, so that amounts mean anything."""
        return self.value is not None or self.stated_profit.customer_value is not None

    @property
    def window_months(self) -> float | None:
        """Months over which the label looks, None where the use case does not say."""
        window = None if self.time is None or self.label.window == EVER else self.label.window
        return None if window is None or self.time is None else float(window) * self.time.months

    @property
    def kept_factor(self) -> float:
        """What the value column is multiplied with for what keeping a would-be leaver is worth."""
        return kept_factor(self.required_value(), self.window_months)

    def required_id(self) -> str:
        """The id column, for what must know customers again.

        Raises:
            UseCaseError: there is none, rows are numbered.
        """
        if not self.id:
            raise UseCaseError(f"use case {self.name}: `id` is missing, it names the column of the customers' ids")
        return self.id

    def required_value(self) -> ValueRule:
        """What customers are worth, for what counts in money.

        Raises:
            UseCaseError: nobody said.
        """
        if self.value is None:
            problem = "`value` is missing, it names the column of what customers are worth"
            raise UseCaseError(f"use case {self.name}: {problem}")
        return self.value

    def with_features(self, features: tuple[Feature, ...]) -> "UseCase":
        """The same use case with its features filled in.

        Raises:
            UseCaseError: another part of the use case names a feature that is not among them.
        """
        filled = msgspec.structs.replace(self, features=features)
        check_references(filled, f"use case {self.name}")
        return filled


def load_usecase(name_or_path: str | Path) -> UseCase:
    """Read a use case: the name of a shipped one (``telecom``, ``ecommerce``, ``banking``) or the path of a YAML file.

    Raises:
        UseCaseError: one line that names the file as it was given, the line and the key.
    """
    path = find_usecase(str(name_or_path))
    source = shown(path.name if is_shipped(path) else str(name_or_path))
    text = read_text(path, source)
    document = read_document(text, source)
    try:
        return parse_usecase(document, source)
    except UseCaseError as error:
        problem = str(error).removeprefix(f"{source}: ")
        raise UseCaseError(f"{source}: {with_line(problem, text)}") from error


def in_its_file(error: UseCaseError, name_or_path: str | Path) -> UseCaseError:
    """What was found wrong with a use case after it had been read, for whoever wrote its file: with file and line, if
    there is one of theirs and it says which use case it is about."""
    path = find_usecase(str(name_or_path))
    owner, separator, problem = str(error).partition(": ")
    if is_shipped(path) or not separator or not _OWNER.fullmatch(owner):
        return error
    source = shown(str(name_or_path))
    return UseCaseError(f"{source}: {with_line(problem, read_text(path, source))}")


def parse_usecase(document: object, source: str) -> UseCase:
    """Turn a parsed YAML document into a checked use case; ``source`` names it in errors."""
    if not isinstance(document, dict):
        raise UseCaseError(f"{source}: expected a mapping of keys, e.g. name, id, label")
    check_finite(document, source)
    check_texts(document, source)
    try:
        usecase = msgspec.convert(document, UseCase)
    except msgspec.ValidationError as error:
        raise UseCaseError(f"{source}: {in_words(error, UseCase)}") from error
    check(usecase, source)
    return usecase
