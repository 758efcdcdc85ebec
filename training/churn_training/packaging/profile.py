"""What a package remembers of the customers that it was made of: features, answers and segments as counts in bins, and
how far each bin moves the answers.

It must not know what anybody concludes from later customers.
"""

import msgspec
import numpy
import pandas
import pyarrow

from churn_data.dataset import Dataset, rows_of
from churn_data.profile_effects import effects_of, log_odds
from churn_data.profiles import category_bins, category_profile, number_bins, number_profile
from churn_model.schema import Schema, SchemaFeature
from churn_model.scorer import Scorer
from churn_model.training_profile import ColumnProfile, TrainingProfile

ASKED = 4_000
"""Customers whose answers are asked for, beside those held out, to learn what moves them."""
MOST_EXPLAINED = 20_000
"""Customers of whose answers that is learnt."""


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
    frame = pandas.concat([held_out.frame, fitted.frame], ignore_index=True)
    features, bins = {}, {}
    for feature in schema.features:
        features[feature.name], bins[feature.name] = _profile(feature, frame[feature.name])
    asked = rows_of(fitted.frame.head(ASKED))
    scored = scorer.score(asked)
    answered = log_odds(numpy.concatenate([probabilities, numpy.array(scored.probabilities)]))
    part = slice(max(len(answered) - MOST_EXPLAINED, 0), len(answered))
    effects = effects_of(features, {name: places[part] for name, places in bins.items()}, answered[part])
    others = scorer.score(rows_of(held_out.frame.head(ASKED))).segments
    segments = pyarrow.array([str(each) for each in (*others, *scored.segments)])
    judged = answered[: len(held_out)]
    return TrainingProfile(
        features={name: msgspec.structs.replace(each, effects=effects[name]) for name, each in features.items()},
        score=number_profile(numpy.asarray(probabilities, dtype=float)),
        segments=category_profile(segments, sorted(set(segments.to_pylist()))),
        independent=_independent(fitted, held_out),
        log_odds=float(judged.mean()),
        deviation=float(judged.std()),
    )


def _profile(feature: SchemaFeature, column: pandas.Series) -> tuple[ColumnProfile, numpy.ndarray]:
    if feature.type == "number":
        numbers = column.to_numpy(dtype=float)
        profile = number_profile(numbers)
        return profile, number_bins(profile, numbers)
    texts = pyarrow.array(column, pyarrow.string(), from_pandas=True)
    profile = category_profile(texts, feature.categories)
    return profile, category_bins(profile, texts, feature.categories)


def _independent(fitted: Dataset, held_out: Dataset) -> float:
    customers = sum(len(numpy.unique(part.groups)) for part in (fitted, held_out))
    return customers / (len(fitted) + len(held_out))
