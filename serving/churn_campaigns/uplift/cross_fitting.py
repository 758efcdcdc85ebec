"""Effects by models none of which has seen the customer whom it judges, now or in the campaign to come.

Every customer belongs to a fold by the id alone, for ever. A fold's customers are scored, and decided about, by a model
of the other folds' customers, whole: nuisance models, weights and average (cross-fitting, Chernozhukov et al. 2018,
"Double/debiased machine learning"). So the part of a plan that a fold's customers make up does not depend on that
fold's outcomes, and these can tell what the part is worth. It must not know money or files.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy
import pandas

from churn_campaigns.uplift.learner import UpliftModel, fit_uplift
from churn_campaigns.uplift.requirements import UpliftNotLearnable

FOLDS = 3
"""Each model learns from two thirds of the customers; more folds cost more time than the rest is worth."""
INNER_FOLDS = 5
"""Within the other folds, for what is learned of how the effect differs."""
_SALT = b"churn-serving folds\x00"

Array = numpy.ndarray


def folds_of(ids: Sequence[str]) -> Array:
    """The fold of each customer, 0 to FOLDS - 1: int [customers], by a hash of the id."""
    digests = (hashlib.sha256(_SALT + customer.encode()).digest() for customer in ids)
    return numpy.array([int.from_bytes(digest[:8]) % FOLDS for digest in digests], dtype=int)


@dataclass(frozen=True)
class CrossFitted:
    """What an action changes, by fold.

    Attributes:
        scores: float [customers], doubly robust scores by models that had not seen the customer.
        effects: float [customers], predicted reduction of churn, by the same models.
        without: float [customers], churn without the action, by the same models.
        folds: int [customers].
        models: one a fold, learned from all other folds.
        by_model: float [FOLDS, 2, customers], effects and churn without the action by each fold's model, for customers
            whom it has seen too: they tell how much hinges on one fold's outcomes.
    """

    scores: Array
    effects: Array
    without: Array
    folds: Array
    models: tuple[UpliftModel, ...]
    by_model: Array

    def predict(self, frame: pandas.DataFrame, folds: Array) -> tuple[Array, Array]:
        """Effect on each customer and churn without the action (float [customers] each) by the model of the customer's
        fold, which has seen nothing of this customer."""
        effects, without = numpy.empty(len(frame)), numpy.empty(len(frame))
        for fold, model in enumerate(self.models):
            rows = numpy.flatnonzero(folds == fold)
            if len(rows):
                effects[rows] = model.predict(frame.iloc[rows])
                without[rows] = model.without(frame.iloc[rows])
        return effects, without


def cross_fit(
    features: pandas.DataFrame,
    treated: Array,
    churned: Array,
    folds: Array,
    seed: int,
    propensity: Array | None = None,
    *,
    assumed: float | None = None,
) -> CrossFitted:
    """Learn an action's effect once for each fold, from all customers but those of the fold.

    Args:
        features: as in :func:`~churn_campaigns.uplift.learner.fit_uplift`, as are all others.
        treated: int [customers].
        churned: int [customers].
        folds: int [customers], from :func:`folds_of`.
        seed: the same seed gives the same models.
        propensity: float [customers]; None: the share treated.
        assumed: as there.

    Raises:
        UpliftNotLearnable: too few leavers or stayers with or without the treatment outside some fold.
    """
    chance = numpy.full(len(treated), treated.mean()) if propensity is None else numpy.asarray(propensity, dtype=float)
    scores, by_model = numpy.empty(len(treated)), numpy.empty((FOLDS, 2, len(treated)))
    models = []
    for fold in range(FOLDS):
        inside, others = numpy.flatnonzero(folds == fold), numpy.flatnonzero(folds != fold)
        if not len(inside):
            raise UpliftNotLearnable(f"{len(treated)} customers are too few")
        known = features.iloc[others], treated[others], churned[others]
        model = fit_uplift(*known, seed, chance[others], INNER_FOLDS, assumed=assumed)
        scores[inside] = model.score(features.iloc[inside], treated[inside], churned[inside], chance[inside])
        by_model[fold] = model.predict(features), model.without(features)
        models.append(model)
    effects, without = by_model[folds, :, numpy.arange(len(treated))].T
    return CrossFitted(scores, effects, without, folds, tuple(models), by_model)
