"""Makes customers who do not exist, as a use case describes them; the same seed makes the same bytes.

What comes out is called simulated wherever it shows: in the file's name and in every id. It must not be taken for
evidence about real customers; the effects are whatever the use case's author wrote down.
"""

from collections.abc import Callable
from pathlib import Path

import numpy

from churn_data.errors import DataError
from churn_data.simulation_hints import CategoryHint, NumberHint, hint_of, place_of, simulation_of
from churn_data.sources import SIMULATED
from churn_data.written_files import csv_rows, whole_file
from churn_model.alike import meant
from churn_model.errors import UseCaseError
from churn_model.usecase import Feature, UseCase

Numbers = numpy.ndarray
Generator = numpy.random.Generator


def write_simulated(usecase: UseCase, rows: int, seed: int, path: Path) -> Path:
    """Write simulated customers as CSV; the file appears whole or not at all.

    Args:
        usecase: with hints for every feature.
        rows: how many customers, at least 1.
        seed: the same seed gives the same file.
        path: its name must contain the word "simulated".

    Raises:
        UseCaseError: a feature has no usable hint.
        DataError: a name that hides what the file is, or a folder that cannot be written to.
    """
    if SIMULATED not in path.name.lower():
        raise DataError(str(path), f'the name of a file of simulated customers must contain "{SIMULATED}"')
    if rows < 1:
        raise DataError(str(path), f"at least 1 row is needed, asked for {rows}")
    header, columns = simulate(usecase, rows, seed)
    with whole_file(path) as temporary:
        path.parent.mkdir(parents=True, exist_ok=True)
        with csv_rows(temporary, header) as write:
            write(columns)
    return path


def simulate(usecase: UseCase, rows: int, seed: int) -> tuple[list[str], list[list[str]]]:
    """Header and columns of simulated customers as text: id, features, label.

    Raises:
        UseCaseError: a feature has no usable hint.
    """
    if not usecase.features:
        raise UseCaseError(f"use case {usecase.name}: lists no features, so there is nothing to simulate from")
    generator = numpy.random.default_rng(seed)
    risk = numpy.full(rows, simulation_of(usecase).intercept)
    world = _World(usecase, rows, generator)
    for feature in usecase.features:
        risk += world.add(feature)
    label = usecase.label
    positive, negative = label.written("2024-01-31")
    churned = generator.random(rows) < 1.0 / (1.0 + numpy.exp(-risk))
    ids = [f"{SIMULATED}-{number:07d}" for number in range(1, rows + 1)]
    header = [usecase.id, *world.columns, label.column]
    return header, [ids, *world.columns.values(), [positive if left else negative for left in churned]]


class _World:
    """The columns made so far, as text and, for numbers, as drawn."""

    def __init__(self, usecase: UseCase, rows: int, generator: Generator) -> None:
        self._usecase, self._rows, self._generator = usecase, rows, generator
        self._numbers: dict[str, Numbers] = {}
        self._levels: dict[str, numpy.ndarray] = {}
        self.columns: dict[str, list[str]] = {}

    def add(self, feature: Feature) -> Numbers:
        """Draw a feature's column; returns what it adds to each customer's log-odds of churn."""
        hint = hint_of(feature, self._usecase)
        if isinstance(hint, NumberHint):
            texts, effect = self._number(feature, hint)
        else:
            texts, effect = self._category(feature, hint)
        blank = self._generator.random(self._rows) < hint.missing
        self.columns[feature.name] = ["" if gone else text for text, gone in zip(texts, blank, strict=True)]
        return effect

    def _number(self, feature: Feature, hint: NumberHint) -> tuple[list[str], Numbers]:
        if hint.distribution == "product":
            drawn = self._product(feature, hint)
        else:
            drawn = _DRAWS[hint.distribution](self._generator, hint, self._rows)
        # Adding zero turns a rounded -0.0 into 0.0, which would otherwise be written with its sign.
        values = numpy.round(numpy.clip(drawn, hint.low, hint.high), hint.decimals) + 0.0
        self._numbers[feature.name] = values
        deviation = values.std() or 1.0
        texts = [f"{value:.{hint.decimals}f}" for value in values]
        return texts, hint.effect * (values - values.mean()) / deviation

    def _product(self, feature: Feature, hint: NumberHint) -> Numbers:
        product = self._generator.normal(1.0, hint.spread, self._rows)
        for name in hint.of:
            product = product * self._earlier(self._numbers, name, feature)
        return product

    def _category(self, feature: Feature, hint: CategoryHint) -> tuple[list[str], Numbers]:
        levels = list(hint.levels)
        shares = numpy.array([share for share, _ in hint.levels.values()])
        drawn = self._generator.choice(len(levels), size=self._rows, p=shares / shares.sum())
        effect = numpy.array([effect for _, effect in hint.levels.values()])[drawn]
        texts = numpy.array(levels, dtype=object)[drawn]
        if hint.unless:
            other = self._earlier(self._levels, hint.unless.feature, feature) == hint.unless.level
            texts = numpy.where(other, hint.unless.then, texts)
            effect = numpy.where(other, 0.0, effect)
        self._levels[feature.name] = texts
        return texts.tolist(), effect

    def _earlier(self, columns: dict[str, numpy.ndarray], name: str, feature: Feature) -> numpy.ndarray:
        if name not in columns:
            where = f"feature {feature.name!r}, `{place_of(feature, self._usecase)}`"
            problem = f"{name!r} is not a fitting feature listed earlier{meant(name, columns)}"
            raise UseCaseError(f"use case {self._usecase.name}: {where}: {problem}")
        return columns[name]


_DRAWS: dict[str, Callable[[Generator, NumberHint, int], Numbers]] = {
    "normal": lambda generator, hint, rows: generator.normal(hint.mean, hint.deviation, rows),
    "lognormal": lambda generator, hint, rows: generator.lognormal(hint.mean, hint.deviation, rows),
    "uniform": lambda generator, hint, rows: _stretched(generator.random(rows), hint),
    "exponential": lambda generator, hint, rows: generator.exponential(hint.mean, rows),
    "poisson": lambda generator, hint, rows: generator.poisson(hint.mean, rows).astype(float),
    "beta": lambda generator, hint, rows: _stretched(generator.beta(hint.alpha, hint.beta, rows), hint),
    "yes-or-no": lambda generator, hint, rows: (generator.random(rows) < hint.share).astype(float),
}


def _stretched(unit: Numbers, hint: NumberHint) -> Numbers:
    low, high = hint.low or 0.0, hint.high or 0.0
    return low + unit * (high - low)
