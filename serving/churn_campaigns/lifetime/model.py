"""A model of when customers leave, from labelled customers to the outlook of current ones.

It must not read or write files.
"""

from dataclasses import dataclass

import numpy
import pandas

from churn_campaigns.lifetime.covariates import Covariates, choose_covariates
from churn_campaigns.lifetime.customers import time_rule
from churn_campaigns.lifetime.durations import DurationReader
from churn_campaigns.lifetime.fitting import Fitted, fit
from churn_campaigns.lifetime.outlook import Outlook, look_ahead
from churn_campaigns.lifetime.selection import Selection, select
from churn_data.dataset import Dataset
from churn_model.usecase import ValueRule

MOST = 20_000
"""Customers that are learned from; more are sampled, since they narrow intervals that are narrow already."""


@dataclass(frozen=True)
class TimeModel:
    """Fitted curves and all that is needed to ask them; `notes` are lines for whoever runs it."""

    clock: DurationReader
    covariates: Covariates
    selection: Selection
    fitted: Fitted
    value: ValueRule
    typical_amount: float
    learned_from: int
    notes: tuple[str, ...]

    def outlook(self, frame: pandas.DataFrame, horizon: int, seed: int) -> tuple[Outlook, numpy.ndarray]:
        """What lies ahead of current customers whose duration is known, and whose is (a truth value a customer)."""
        column = frame[self.clock.rule.column]
        known = column.notna().to_numpy()
        asked = frame[known]
        amounts = asked[self.value.column].fillna(self.typical_amount).to_numpy()
        matrix, months = self.covariates.matrix(asked), self.clock.months(column[known])
        return look_ahead(self.fitted, matrix, months, amounts, self.value, horizon=horizon, seed=seed), known


def learn(dataset: Dataset, seed: int) -> TimeModel:
    """Choose a family of curves on held-out customers and fit it on all.

    Raises:
        UseCaseError: the use case has no `time`.
        DataError: too few customers left.
        Failure: no family fits.
    """
    rule = time_rule(dataset.usecase)
    notes: list[str] = []
    positions = numpy.flatnonzero(dataset.frame[rule.column].notna())
    if len(positions) < len(dataset):
        notes.append(f"{len(dataset) - len(positions)} customers without a known duration are not learned from")
    if len(positions) > MOST:
        positions = numpy.random.default_rng(seed).choice(positions, MOST, replace=False)
        notes.append(f"learning from {MOST} customers drawn at random")
    part = dataset.take(positions)
    clock = DurationReader.of(part.frame[rule.column], rule)
    months = clock.months(part.frame[rule.column])
    covariates = choose_covariates(part.frame, months, part.usecase)
    matrix = covariates.matrix(part.frame)
    selection = select(matrix, months, part.churned, part.source.name, seed)
    amounts = part.frame[part.usecase.value.column]
    return TimeModel(
        clock=clock,
        covariates=covariates,
        selection=selection,
        fitted=fit(selection.judged[0].family, matrix, months, part.churned),
        value=part.usecase.value,
        typical_amount=float(amounts.median()),
        learned_from=len(part),
        notes=(*notes, *covariates.left_out, *selection.warnings),
    )
