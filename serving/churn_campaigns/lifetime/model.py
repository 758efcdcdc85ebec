"""A model of when customers leave, from labelled customers to the outlook of current ones.

It must not read or write files.
"""

from dataclasses import dataclass

import numpy
import pandas

from churn_campaigns.lifetime.covariates import Covariates, choose_covariates
from churn_campaigns.lifetime.customers import Labelled
from churn_campaigns.lifetime.durations import DurationReader, Durations
from churn_campaigns.lifetime.observation import time_rule, window_months
from churn_campaigns.lifetime.outlook import Ahead, Outlook, look_ahead
from churn_campaigns.lifetime.selection import Selection, select
from churn_model.usecase import ValueRule

MOST = 20_000
"""Customers that are learned from; more are sampled, since they narrow intervals that are narrow already."""


@dataclass(frozen=True)
class TimeModel:
    """Weighed curves and all that is needed to ask them; `notes` are lines for whoever runs it. ``window``: the months
    that the label looks over (None: it does not say)."""

    clock: DurationReader
    covariates: Covariates
    selection: Selection
    window: float | None
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
        ahead = Ahead(horizon, self.window, self.value)
        return look_ahead(self.selection.members, matrix, months, amounts, ahead, seed=seed), known


def learn(labelled: Labelled, seed: int, *, judging: bool = True) -> TimeModel:
    """Learn curves of survival, each family counting as far as it explains the customers.

    Raises:
        UseCaseError: the use case has no `time`, or does not say since when leavers were observed.
        DataError: too few customers left.
        Failure: no family fits.
    """
    usecase = labelled.dataset.usecase
    rule, window = time_rule(usecase), window_months(usecase)
    positions, notes = _learned_from(labelled, seed)
    part = labelled.dataset.take(positions)
    clock = DurationReader.of(part.frame[rule.column], rule)
    months = clock.months(part.frame[rule.column])
    since = None if labelled.since is None else clock.since(labelled.since[positions])
    covariates = choose_covariates(part.frame, months, usecase)
    durations = Durations(months, part.churned, window, since)
    selection = select(covariates.matrix(part.frame), durations, part.source.name, seed, judging=judging)
    return TimeModel(
        clock=clock,
        covariates=covariates,
        selection=selection,
        window=window if numpy.isfinite(window) else None,
        value=usecase.required_value(),
        typical_amount=float(part.frame[usecase.required_value().column].median()),
        learned_from=len(part),
        notes=(*notes, *covariates.left_out, *selection.warnings),
    )


def _learned_from(labelled: Labelled, seed: int) -> tuple[numpy.ndarray, list[str]]:
    """Positions of the customers to learn from, and lines about the others."""
    dataset, notes = labelled.dataset, []
    known = dataset.frame[time_rule(dataset.usecase).column].notna().to_numpy()
    if not known.all():
        notes.append(f"{int((~known).sum())} customers without a known duration are not learned from")
    if labelled.since is not None and numpy.isnan(labelled.since[known]).any():
        late = int(numpy.isnan(labelled.since[known]).sum())
        notes.append(f"{late} customers of whom it is not known since when they were observed are not learned from")
        known &= ~numpy.isnan(labelled.since)
    positions = numpy.flatnonzero(known)
    if len(positions) > MOST:
        positions = numpy.random.default_rng(seed).choice(positions, MOST, replace=False)
        notes.append(f"learning from {MOST} customers drawn at random")
    return positions, notes
