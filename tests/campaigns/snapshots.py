"""Snapshots of simulated customers whose hazard of leaving is known: what `churn value` says of them, and the truth.

Each snapshot is what a company has: today's customers, and of those who left only the ones of the last months. Nobody
who left before is in it. None of the hazards that change with time is one of the families that are fitted.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy
import pandas

from churn_campaigns.lifetime.customers import Labelled
from churn_campaigns.lifetime.model import learn
from churn_data.dataset import Dataset, Source
from churn_model.usecase import Feature, Label, TimeRule, UseCase, ValueRule

Hazard = Callable[[numpy.ndarray], numpy.ndarray]
HORIZON = 60
YEARS_BACK = 10
STEPS = 4
"""Steps a month of the true curves."""


def constant(months: numpy.ndarray) -> numpy.ndarray:
    """3 % a month."""
    return numpy.full_like(months, 0.03)


def falling(months: numpy.ndarray) -> numpy.ndarray:
    """8 % a month at first, 2 % after three years."""
    return 0.01 + 0.07 / (1.0 + months / 6.0)


def rising(months: numpy.ndarray) -> numpy.ndarray:
    """1 % a month at first, 4 % after three years and 6 % from six years on."""
    return 0.01 + 0.05 * numpy.minimum(months / 60.0, 1.0)


SHAPES: dict[str, Hazard] = {"constant": constant, "falling": falling, "rising": rising}


@dataclass(frozen=True)
class Snapshot:
    """What the company sees, and what it does not: the true expectations of today's customers, means of all."""

    labelled: Labelled
    leaves_within_12_months: float
    months_left: float


def snapshot(hazard: Hazard, joined: int, window: float, seed: int) -> Snapshot:
    """As many customers as `joined` came in the last ten years, on any day; durations are whole months."""
    generator = numpy.random.default_rng(seed)
    lived = numpy.arange(0.0, YEARS_BACK * 12 + HORIZON + 24, 1.0 / STEPS)
    cumulative = numpy.concatenate([[0.0], numpy.cumsum(hazard(lived[:-1] + 0.5 / STEPS)) / STEPS])
    ages, taste = generator.uniform(0, YEARS_BACK * 12, joined), generator.normal(size=joined)
    relative = numpy.exp(0.4 * taste)
    leaves = numpy.interp(generator.exponential(size=joined) / relative, cumulative, lived, right=numpy.inf)
    stays, seen = leaves >= ages, leaves >= ages - window
    months, spend = numpy.minimum(leaves, ages), generator.gamma(4, 12, joined)
    frame = pandas.DataFrame({
        "months": numpy.floor(months), "taste": taste, "spend": spend, "billed": spend * months,
        "channel": generator.choice(["app", "web", "shop"], joined).astype(object),
    })[seen].reset_index(drop=True)  # fmt: skip
    churned = (~stays[seen]).astype(int)
    source = Source("snapshot.csv", "", simulated=True)
    dataset = Dataset(_usecase(window), frame, churned, numpy.arange(len(frame)), source)
    ahead = numpy.arange(0.0, HORIZON + 1.0)
    here, rate = ages[stays][:, None], relative[stays][:, None]
    still = numpy.exp(-rate * (numpy.interp(here + ahead, lived, cumulative) - numpy.interp(here, lived, cumulative)))
    return Snapshot(Labelled(dataset), float(1.0 - still[:, 12].mean()), float(numpy.trapezoid(still, axis=1).mean()))


def held(hazard: Hazard, joined: int, window: float, seed: int) -> dict[str, tuple[float, float, float, float]]:
    """Of each expectation the truth, and what `churn value` says: value, low, high."""
    world = snapshot(hazard, joined, window, seed)
    model = learn(world.labelled, seed, judging=False)
    there = world.labelled.dataset.frame[world.labelled.dataset.churned == 0].reset_index(drop=True)
    outlook, _ = model.outlook(there, HORIZON, seed)
    return {
        "leaves_within_12_months": (world.leaves_within_12_months, *outlook.leaves_within_12_months.mean),
        "months_left": (world.months_left, *outlook.months_left.mean),
    }


def _usecase(window: float) -> UseCase:
    numbers = ("months", "taste", "spend", "billed")
    return UseCase(
        name="simulated", id="id", label=Label("left", "yes", "no", window=window), value=ValueRule("spend"),
        time=TimeRule("months"),
        features=(*(Feature(name, "number") for name in numbers), Feature("channel", "category")),
    )  # fmt: skip
