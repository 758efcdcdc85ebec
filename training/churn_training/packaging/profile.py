"""What a package remembers of the customers that it was made of: features, answers and segments as counts in bins, and
how far each bin moves the answers.

It must not know what anybody concludes from later customers.
"""

from dataclasses import dataclass

import msgspec
import numpy
import pandas
import pyarrow

from churn_data.dataset import Dataset, rows_of
from churn_data.profile_effects import effects_of, log_odds
from churn_data.profiles import (
    answer_profile,
    category_profile_apart,
    counted_apart,
    number_bins,
    number_profile,
)
from churn_model.schema import Schema, SchemaFeature
from churn_model.scorer import Scorer
from churn_model.training_profile import ColumnProfile, TrainingProfile

COUNTED = 200_000
"""Fitted customers that are counted, beside those held out: more would tell shares closer than matters."""
ASKED = 4_000
"""Customers of either kind whose segments are asked for; of the fitted ones their answers too."""
EXPLAINED = 20_000
"""Customers at most of whose answers it is learnt what moves them."""


@dataclass(frozen=True)
class _Customers:
    """Those held out, then those fitted, in no order."""

    held_out: Dataset
    fitted: Dataset

    @property
    def independent(self) -> float:
        """The share of rows that count as customers of their own."""
        customers = sum(len(numpy.unique(part.groups)) for part in (self.held_out, self.fitted))
        return customers / (len(self.held_out) + len(self.fitted))

    def column(self, name: str) -> pandas.Series:
        """A feature of all of them."""
        found: pandas.Series = pandas.concat([self.held_out.frame[name], self.fitted.frame[name]], ignore_index=True)
        return found


def training_profile(
    scorer: Scorer, schema: Schema, fitted: Dataset, held_out: Dataset, probabilities: numpy.ndarray
) -> TrainingProfile:
    """The profile of a finished model.

    Args:
        scorer: the model as it will be served.
        schema: what its rows hold.
        fitted: customers that it was fitted on, in no order.
        held_out: customers that it was not fitted on.
        probabilities: its answers to them.
    """
    order = numpy.random.default_rng(0).permutation(len(held_out))  # they come as they stand in the file
    customers = _Customers(held_out.take(order), fitted.take(numpy.arange(min(len(fitted), COUNTED))))
    judged = log_odds(probabilities[order])
    scored = scorer.score(rows_of(customers.fitted.frame.head(ASKED)))
    known = numpy.array(scored.probabilities)
    answered = numpy.concatenate([judged, log_odds(known)])
    explained = slice(max(len(answered) - EXPLAINED, 0), len(answered))
    features, bins = {}, {}
    for feature in schema.features:
        features[feature.name], found = _profile(feature, customers)
        bins[feature.name] = found[explained]
    effects = effects_of(features, bins, answered[explained])
    others = scorer.score(rows_of(customers.held_out.frame.head(ASKED))).segments
    score = number_profile(numpy.asarray(probabilities, dtype=float))
    return TrainingProfile(
        features={name: msgspec.structs.replace(each, effects=effects[name]) for name, each in features.items()},
        score=counted_apart(score, number_bins(score, probabilities), number_bins(score, known)),
        segments=answer_profile(pyarrow.array([str(each) for each in (*others, *scored.segments)])),
        independent=customers.independent,
        log_odds=float(judged.mean()),
        deviation=float(judged.std()),
    )


def _profile(feature: SchemaFeature, customers: _Customers) -> tuple[ColumnProfile, numpy.ndarray]:
    """A feature's profile, and the bin of each customer."""
    column = customers.column(feature.name)
    if feature.type == "number":
        numbers = column.to_numpy(dtype=float)
        profile = number_profile(numbers)
        return profile, number_bins(profile, numbers)
    texts = pyarrow.array(column, pyarrow.string(), from_pandas=True)
    return category_profile_apart(texts, feature.categories, len(customers.held_out), customers.fitted.groups)
