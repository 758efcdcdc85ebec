"""What a planner asks for, from the texts of a form to numbers; whatever cannot be used is named field by field.

The texts themselves are what a draft keeps, so that nothing that somebody typed is lost because it was wrong. It must
not know customers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy

from churn_campaigns.campaign.orders import Order, Promise, read_order, read_promise
from churn_data.cells import parse_number
from churn_data.errors import DataError
from churn_marketing.planning.faults import TermsFault
from churn_model.rules import RISKS, ActionRule

Fields = dict[str, list[str]]
"""A form as it was typed: texts by field."""
NAME, BUDGET, HOLDOUT, LOOKS, WINDOW = "name", "budget", "holdout", "looks", "window_days"
SEGMENTS, RISK, MINIMUM, PROVEN, SPARED = "segment", "risk", "minimum_value", "proven_only", "spared"
CAPACITY = "capacity-"
ALPHA = 0.05
"""How often chance alone may show an effect, over all looks of a campaign."""
LARGEST_BUDGET = 1e15
_LONGEST, _MOST = 200, 64
_LONGEST_WINDOW, _MOST_LOOKS, _LARGEST_HOLDOUT = 730, 24, 50.0


class Terms(msgspec.Struct, frozen=True):
    """``budget``: money for all who are treated; ``capacities``: by action id, to how many of them it can be given;
    ``holdout``: share (0 to 0.5) of customers who get nothing, to compare with; ``looks`` at the outcomes of
    ``window_days`` are planned. Only customers of these ``segments`` and ``risks`` (empty: all) whose keeping is worth
    at least ``minimum_value`` are planned for, and none whom a plan of ``spared`` had. ``proven_only``: no action whose
    effect is assumed."""

    name: str
    budget: float
    capacities: dict[str, int]
    holdout: float
    looks: int
    window_days: int
    segments: tuple[int, ...] = ()
    risks: tuple[str, ...] = ()
    minimum_value: float = 0.0
    proven_only: bool = False
    spared: tuple[str, ...] = ()

    def order(self, actions: Sequence[ActionRule], salt: str, left_out: frozenset[str]) -> Order:
        """The terms as `churn_campaigns` takes them."""
        capacity = numpy.array([self.capacities.get(action.id, -1) for action in actions], dtype=int)
        held = salt if self.holdout > 0.0 else ""
        return Order(self.budget, capacity, self.holdout, held, proven_only=self.proven_only, left_out=left_out)

    def promise(self) -> Promise:
        """What is promised of the campaign's experiment if it is frozen today."""
        return read_promise(None, ALPHA, self.looks, self.window_days)


@dataclass(frozen=True)
class Choices:
    """What there is to choose from: the actions, and the segments' numbers."""

    actions: tuple[ActionRule, ...]
    segments: tuple[int, ...]

    @property
    def fields(self) -> frozenset[str]:
        """All fields that a form may have."""
        own = {NAME, BUDGET, HOLDOUT, LOOKS, WINDOW, SEGMENTS, RISK, MINIMUM, PROVEN, SPARED}
        return frozenset(own | {CAPACITY + action.id for action in self.actions})

    def beginning(self) -> Fields:
        """What a new draft says: a tenth held out, the actions' own capacities, a month's window, three looks."""
        fields = {NAME: ["New campaign"], BUDGET: ["1000"], HOLDOUT: ["10"], LOOKS: ["3"], WINDOW: ["30"]}
        for action in self.actions:
            fields[CAPACITY + action.id] = ["" if action.capacity is None else str(action.capacity)]
        return fields


def kept(fields: Mapping[str, Sequence[str]], choices: Choices) -> Fields:
    """What a draft keeps of a form: known fields, each text cut to 200 characters."""
    return {
        name: [text.strip()[:_LONGEST] for text in list(fields[name])[:_MOST]]
        for name in sorted(choices.fields)
        if name in fields
    }


def read_terms(fields: Mapping[str, Sequence[str]], choices: Choices) -> Terms:
    """The terms of a form.

    Raises:
        TermsFault: a line for every field that cannot be used.
    """
    reader = _Reader(fields, choices)
    terms = reader.terms()
    if reader.faults:
        raise TermsFault(reader.faults)
    return terms


class _Reader:
    def __init__(self, fields: Mapping[str, Sequence[str]], choices: Choices) -> None:
        self._fields, self._choices = fields, choices
        self.faults: dict[str, str] = {}

    def terms(self) -> Terms:
        name = self._text(NAME)
        if not name or not name.isprintable():
            self.faults[NAME] = "Give the campaign a name, on one line."
        return Terms(
            name=name,
            budget=self._budget(),
            capacities=self._capacities(),
            holdout=self._number(HOLDOUT, "The share held out", 0.0, _LARGEST_HOLDOUT, " (per cent)") / 100.0,
            looks=int(self._number(LOOKS, "The number of looks", 1, _MOST_LOOKS, whole=True)),
            window_days=int(self._number(WINDOW, "Days in which outcomes count", 1, _LONGEST_WINDOW, whole=True)),
            segments=tuple(sorted(self._chosen(SEGMENTS, self._choices.segments))),
            risks=tuple(risk for risk in RISKS if risk in self._all(RISK)),
            minimum_value=self._minimum(),
            proven_only=bool(self._text(PROVEN)),
            spared=tuple(sorted(set(filter(None, self._all(SPARED))))),
        )

    def _all(self, name: str) -> Sequence[str]:
        return self._fields.get(name, ())

    def _text(self, name: str) -> str:
        found = self._all(name)
        return found[0].strip() if found else ""

    def _budget(self) -> float:
        budget = self._number(BUDGET, "The budget", 0.0, LARGEST_BUDGET)
        if BUDGET not in self.faults and self._choices.actions:
            try:
                read_order(self._choices.actions, repr(budget), (), None, None)
            except DataError:
                cheapest = min(self._choices.actions, key=lambda action: action.cost)
                self.faults[BUDGET] = (
                    f"A budget of {budget:,g} pays for nobody: the cheapest action, “{cheapest.name}”, costs "
                    f"{cheapest.cost:,g} a customer."
                )
        return budget

    def _minimum(self) -> float:
        return self._number(MINIMUM, "The smallest value", 0.0, LARGEST_BUDGET) if self._text(MINIMUM) else 0.0

    def _capacities(self) -> dict[str, int]:
        found = {}
        for action in self._choices.actions:
            name = CAPACITY + action.id
            if self._text(name):
                found[action.id] = int(self._number(name, f"How many can get “{action.name}”", 0, 10**12, whole=True))
        return found

    def _chosen(self, name: str, known: Sequence[int]) -> set[int]:
        texts = {str(number): number for number in known}
        return {texts[text] for text in self._all(name) if text in texts}

    def _number(self, name: str, what: str, low: float, high: float, unit: str = "", *, whole: bool = False) -> float:
        text = self._text(name).replace(" ", "").replace("\N{NARROW NO-BREAK SPACE}", "")
        try:
            number = parse_number(text)
        except ValueError:
            kind = "a whole number" if whole else "a number"
            self.faults[name] = f"{what} must be {kind}, such as {max(low, 10):g}{unit}."
            return low
        if not low <= number <= high or (whole and number != int(number)):
            kind = "a whole number" if whole else "a number"
            self.faults[name] = f"{what} must be {kind} from {low:,g} to {high:,g}{unit}."
            return low
        return number
