"""A use case: one YAML file that says what a company's customers look like and what keeping them is worth.

It is configuration, never code. It knows nothing of data files, training or serving; the structures here are what
everybody else reads. Unknown keys are refused so that a typing error never silently changes a decision.
"""

from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

from churn_model.errors import UseCaseError

FeatureType = Literal["number", "category"]
Risk = Literal["low", "medium", "high"]
SEGMENT_IDS = (1, 2, 3, 4)
RISKS: tuple[Risk, ...] = ("low", "medium", "high")
SHIPPED_FOLDER = Path(__file__).parent / "usecases"
DEFAULT_MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "None")


class Label(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which column says who left. ``negative=None``: whatever is not ``positive`` is negative, as long as the column
    holds two values in all."""

    column: str
    positive: str
    negative: str | None = None


class Feature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One input of the model. ``minimum`` and ``maximum`` bound what a server accepts (None: unbounded);
    ``simulate`` tells the simulator how such values are distributed (None: this feature cannot be simulated)."""

    name: str
    type: FeatureType
    label: str = ""
    minimum: float | None = None
    maximum: float | None = None
    simulate: dict[str, Any] | None = None

    @property
    def words(self) -> str:
        """The feature in plain words, for names and reasons."""
        return self.label or self.name


class SegmentRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The behaviour features that segments are built on (never the label); empty: all features."""

    features: tuple[str, ...] = ()


class ValueRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A customer's value: ``column`` × ``months`` × ``margin``, in the currency of the column."""

    column: str
    months: float = 12.0
    margin: float = 1.0


class ProfitRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The economics of a retention campaign (Verbraken et al. 2013): lifetime value, cost of the offer, cost of the
    contact, and the beta distribution of the probability that a would-be churner accepts the offer."""

    customer_value: float = 200.0
    offer_cost: float = 10.0
    contact_cost: float = 1.0
    acceptance_alpha: float = 6.0
    acceptance_beta: float = 14.0


class RiskRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Churn probabilities from which a customer counts as medium and as high risk."""

    medium: float = 0.3
    high: float = 0.6


class ActionRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something a company can do for a customer. ``effect`` is the probability that a customer who would leave stays
    because of it, ``source`` says whether that was measured in an experiment or assumed; ``cost`` is per customer."""

    id: str
    name: str
    cost: float
    effect: float
    source: Literal["assumed", "measured"] = "assumed"
    segments: tuple[int, ...] = SEGMENT_IDS
    risk: tuple[Risk, ...] = RISKS
    minimum_value: float = 0.0


class UseCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One industry or company. ``features`` may be empty in the file; training then infers them from the data.
    ``missing`` are the texts that mean «not known» in data files, beside blank ones. ``simulation`` holds what the
    simulator needs beside the features' own hints (the intercept of the churn log-odds, say)."""

    name: str
    id: str
    label: Label
    value: ValueRule
    title: str = ""
    missing: tuple[str, ...] = DEFAULT_MISSING
    features: tuple[Feature, ...] = ()
    segments: SegmentRule = SegmentRule()
    profit: ProfitRule = ProfitRule()
    risk: RiskRule = RiskRule()
    actions: tuple[ActionRule, ...] = ()
    simulation: dict[str, Any] = {}

    @property
    def model_name(self) -> str:
        """The name under which models of this use case are registered and served."""
        return f"churn-{self.name}"

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
    if not usecase.name or not usecase.name.replace("-", "").isalnum() or usecase.name != usecase.name.lower():
        raise UseCaseError(f"{source}: `name` must be lower-case letters, digits and hyphens")
    _check_numbers(usecase, source)
    _check_actions(usecase.actions, source)
    if usecase.features:
        _check_references(usecase, source)


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
    if usecase.value.months <= 0 or usecase.value.margin <= 0:
        raise UseCaseError(f"{source}: `value.months` and `value.margin` must be above 0")


def _check_actions(actions: tuple[ActionRule, ...], source: str) -> None:
    seen: set[str] = set()
    for index, action in enumerate(actions):
        where = f"{source}: `actions[{index}]` ({action.id})"
        if action.id in seen or action.id in ("", "none"):
            raise UseCaseError(f"{where}: `id` must be unique, not empty and not 'none'")
        seen.add(action.id)
        if action.cost < 0:
            raise UseCaseError(f"{where}: `cost` must not be negative, is {action.cost:g}")
        if not 0 <= action.effect <= 1:
            raise UseCaseError(f"{where}: `effect` is a probability, 0 to 1, is {action.effect:g}")
        unknown = set(action.segments) - set(SEGMENT_IDS)
        if unknown:
            raise UseCaseError(f"{where}: unknown segment {min(unknown)}; segments are 1 to 4")


def _check_references(usecase: UseCase, source: str) -> None:
    names = [feature.name for feature in usecase.features]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UseCaseError(f"{source}: feature {twice[0]!r} is listed twice")
    for special, key in ((usecase.id, "id"), (usecase.label.column, "label.column")):
        if special in names:
            raise UseCaseError(f"{source}: `{key}` {special!r} must not be a feature")
    for name in usecase.segments.features:
        if name not in names:
            raise UseCaseError(f"{source}: `segments.features` names {name!r}, which is not a feature")
    numbers = [feature.name for feature in usecase.features if feature.type == "number"]
    if usecase.value.column not in numbers:
        raise UseCaseError(f"{source}: `value.column` {usecase.value.column!r} is not a number feature")
