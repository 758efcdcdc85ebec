"""Which action pays for a customer: the first honest form of the decision.

What an action is expected to bring is money's rule (:func:`~churn_model.money.net`); the best eligible one is chosen,
or none where none pays. Where nobody said what customers are worth, the eligible action that keeps most of them is
chosen and no money is told. Effects may be assumed; each carries its source. It knows neither models nor budgets.
"""

from typing import Any, Literal

import msgspec

from churn_model.documents import read_by_any_thread
from churn_model.errors import SchemaMismatch
from churn_model.money import net
from churn_model.rules import MOST_SEGMENTS, Source
from churn_model.schema import Row, Schema
from churn_model.usecase import ActionRule, Risk, RiskRule

FORMAT = 1


class CompiledValue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What keeping a customer is worth = row[``index``] × ``factor``, with ``fill`` for a missing one. ``factor`` is
    :func:`~churn_model.money.kept_factor`: margin, months, retention, discounting and the label's window included."""

    column: str
    index: int
    factor: float
    fill: float


@read_by_any_thread
class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal[1]
    risk: RiskRule
    value: CompiledValue | None
    actions: tuple[ActionRule, ...]


class Decision(msgspec.Struct, frozen=True, gc=False):
    """What to do for one customer; money in the currency of the value column, None where nobody said what customers
    are worth. ``cost`` is that of a customer who accepts, the most that it can be; ``expected_value`` counts an offer
    as far as it is expected to be accepted; ``source`` says where the effect that it rests on comes from, None of no
    action."""

    risk: Risk
    id: str
    name: str
    expected_value: float | None
    cost: float | None
    source: Source | None = None


class ActionTable:
    """Actions compiled by segment and risk, so that a decision looks only at what is eligible; immutable."""

    def __init__(self, document: _Document) -> None:
        self._document = document
        self._medium, self._high = document.risk.medium, document.risk.high
        self._value = document.value
        self._eligible: dict[tuple[int, Risk], tuple[ActionRule, ...]] = {
            (segment, risk): tuple(a for a in document.actions if _is_for(a, segment) and risk in a.risk)
            for segment in range(1, MOST_SEGMENTS + 1)
            for risk in ("low", "medium", "high")
        }
        nothing = None if document.value is None else 0.0
        self._nothing: dict[Risk, Decision] = {
            risk: Decision(risk, "none", "No action", nothing, nothing) for risk in ("low", "medium", "high")
        }

    @property
    def actions(self) -> tuple[ActionRule, ...]:
        """Every action of the use case, eligible for anybody or not."""
        return self._document.actions

    def eligible(self, segment: int, risk: Risk) -> tuple[ActionRule, ...]:
        """The actions that a customer of this segment and risk may get, in the use case's order."""
        return self._eligible[segment, risk]

    @property
    def knows_value(self) -> bool:
        """Whether anybody said what customers are worth; without that :meth:`value` cannot be asked."""
        return self._value is not None

    def risk(self, probability: float) -> Risk:
        """The risk band of a churn probability."""
        if probability >= self._high:
            return "high"
        return "medium" if probability >= self._medium else "low"

    def value(self, row: Row) -> float:
        """What keeping the customer today is worth: the margin of the months ahead, each counted as far as the customer
        is likely still there, lost to a would-be leaver, and discounted to today; never negative.

        One retention curve serves all customers, the one that stood in the use case at training; in the currency of the
        value column.
        """
        rule: CompiledValue = self._value  # type: ignore[assignment]
        amount: float = row[rule.index]  # type: ignore[assignment]
        return max(0.0, (rule.fill if amount != amount else amount) * rule.factor)  # noqa: PLR0124

    def decide(self, probability: float, segment: int, row: Row) -> Decision:
        """The action with the highest expected value above 0 (the first listed of equals), or «No action».

        It looks at one customer. What the campaign's file says of one (``consent``, ``rest_days``, ``yearly_limit``)
        and what all share (``capacity``, a budget) belong to a campaign and are not looked at here.
        """
        risk = self.risk(probability)
        if self._value is None:
            return self._without_money(segment, risk)
        value = self.value(row)
        best, best_value = None, 0.0
        for action in self._eligible[segment, risk]:
            expected = net(action.effect * probability, probability, value, action.contact, action.offer)
            if expected > best_value and value >= action.minimum_value:
                best, best_value = action, expected
        if best is None:
            return self._nothing[risk]
        return Decision(risk, best.id, best.name, round(best_value, 2), best.cost, best.source)

    def _without_money(self, segment: int, risk: Risk) -> Decision:
        """The eligible action with the highest effect; one that asks for a least value is nobody's."""
        eligible = [action for action in self._eligible[segment, risk] if action.minimum_value <= 0]
        if not eligible:
            return self._nothing[risk]
        best = max(eligible, key=lambda action: action.effect)
        return Decision(risk, best.id, best.name, None, None, best.source)

    def to_json(self) -> dict[str, Any]:
        """The document that :meth:`from_json` reads."""
        document: dict[str, Any] = msgspec.to_builtins(self._document)
        return document

    @classmethod
    def from_json(cls, document: object, schema: Schema) -> "ActionTable":
        """Read ``actions.json`` and hold it against the schema.

        Raises:
            SchemaMismatch: unknown format or keys, or a value column that is not a number of the schema.
        """
        try:
            parsed = msgspec.convert(document, _Document)
        except msgspec.ValidationError as error:
            raise SchemaMismatch(f"actions.json: {error}") from error
        if parsed.value is None:
            return cls(parsed)
        index = parsed.value.index
        found = schema.features[index] if 0 <= index < len(schema.features) else None
        if found is None or found.type != "number" or found.name != parsed.value.column:
            raise SchemaMismatch(f"actions.json: {parsed.value.column!r} is not number {index} of the schema")
        return cls(parsed)


def _is_for(action: ActionRule, segment: int) -> bool:
    return not action.segments or segment in action.segments
