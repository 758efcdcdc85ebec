"""Companies whose customers are known, to see what a drift watch makes of them: numbers and categories of many shapes
that hang together, a model's answers, and changes of them.

It must not know how drift is found.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy
import pyarrow

from churn_model.schema import Schema, SchemaFeature

NEW_LEVEL = "brand new"
NUMBERS = ("age", "bill", "calls", "debt", "flag", "logins", "tenure", "usage")
CATEGORIES = {"city": 40, "contract": 3, "device": 8, "gender": 2, "payment": 4, "plan": 12, "postcode": 3_000}
"""With so many levels, of falling frequency; of the last no training sees all."""
_NO_DEBT, _UNKNOWN = 0.6, 0.05


@dataclass(frozen=True)
class Population:
    """Customers: numbers (NaN: missing) and levels by number (-1: missing, below that: new) by feature, and the
    probabilities that the model answers, from 0 to 1."""

    numbers: Mapping[str, numpy.ndarray]
    levels: Mapping[str, numpy.ndarray]
    weights: Mapping[str, numpy.ndarray]

    @property
    def probabilities(self) -> numpy.ndarray:
        """The model's answers: additive in numbers, with one interaction, and in levels."""
        odds = numpy.full(len(self.numbers["age"]), -1.0)
        for place, name in enumerate(NUMBERS):
            values = numpy.nan_to_num(self.numbers[name])
            odds += (-1.0) ** place * 0.6 / (1 + place) * numpy.tanh(values / 2.0)
        odds += 0.3 * numpy.tanh(numpy.nan_to_num(self.numbers["age"]) * numpy.nan_to_num(self.numbers["usage"]))
        for name, levels in self.levels.items():
            odds += numpy.where(levels < 0, 0.0, self.weights[name][numpy.maximum(levels, 0)])
        found: numpy.ndarray = 1.0 / (1.0 + numpy.exp(-odds))
        return found

    @property
    def segments(self) -> numpy.ndarray:
        """From 1 to 4, by age and usage."""
        numbers = self.numbers
        found: numpy.ndarray = 1 + 2 * (numbers["age"] > 0).astype(int) + (numpy.nan_to_num(numbers["usage"]) > 0)
        return found

    def texts(self, name: str) -> pyarrow.Array:
        """A category as the log holds it."""
        levels = self.levels[name]
        words = numpy.array([*(f"{name} {place}" for place in range(CATEGORIES[name])), NEW_LEVEL, None], dtype=object)
        known = numpy.where(levels < 0, len(words) - 2, levels)
        return pyarrow.array(words[numpy.where(levels == -1, len(words) - 1, known)], pyarrow.string())

    def take(self, places: numpy.ndarray) -> "Population":
        """These customers."""
        return replace(
            self,
            numbers={name: values[places] for name, values in self.numbers.items()},
            levels={name: values[places] for name, values in self.levels.items()},
        )


Change = Callable[[Population, numpy.random.Generator], Population]


def population(customers: int, source: numpy.random.Generator) -> Population:
    """Customers who share a hidden trait, so that features hang together."""
    trait = source.normal(size=customers)
    drawn = {name: 0.5 * trait + source.normal(size=customers) for name in NUMBERS}
    drawn["bill"] = numpy.exp(drawn["bill"])
    drawn["calls"] = source.poisson(numpy.exp(0.3 * trait)).astype(float)
    drawn["debt"] = numpy.where(source.random(customers) < _NO_DEBT, 0.0, numpy.exp(drawn["debt"]))
    drawn["flag"] = (drawn["flag"] > 1.0).astype(float)
    drawn["usage"] = numpy.where(source.random(customers) < _UNKNOWN, numpy.nan, drawn["usage"])
    levels: dict[str, numpy.ndarray] = {}
    for name, count in CATEGORIES.items():
        shares = 1.0 / (1.0 + numpy.arange(count))
        levels[name] = source.choice(count, size=customers, p=shares / shares.sum())
        levels[name][source.random(customers) < _UNKNOWN] = -1
    weights = {name: source.normal(size=count) * 0.4 for name, count in CATEGORIES.items()}
    return Population(drawn, levels, weights)


def shifted(name: str, deviations: float) -> Change:
    """All customers' numbers are higher by so many standard deviations."""

    def change(customers: Population, _source: numpy.random.Generator) -> Population:
        values = customers.numbers[name]
        moved = values + deviations * numpy.nanstd(values)
        return replace(customers, numbers={**customers.numbers, name: moved})

    return change


def new_level(name: str, share: float) -> Change:
    """A share of the customers has a level that nobody had."""

    def change(customers: Population, source: numpy.random.Generator) -> Population:
        levels = customers.levels[name]
        chosen = source.random(len(levels)) < share
        return replace(customers, levels={**customers.levels, name: numpy.where(chosen, -2, levels)})

    return change


def more_missing(name: str, share: float) -> Change:
    """A number is missing of a share of the customers who had one."""

    def change(customers: Population, source: numpy.random.Generator) -> Population:
        values = customers.numbers[name]
        chosen = source.random(len(values)) < share
        return replace(customers, numbers={**customers.numbers, name: numpy.where(chosen, numpy.nan, values)})

    return change


def schema_of_study(learnt: Mapping[str, Sequence[str]]) -> Schema:
    """Of a model that has learnt these levels; every feature may be kept."""
    numbers = [SchemaFeature(name, "number") for name in NUMBERS]
    categories = [SchemaFeature(name, "category", categories=tuple(levels)) for name, levels in learnt.items()]
    features = (*numbers, *categories)
    return Schema("study", "customer", features, logged=tuple(feature.name for feature in features))
