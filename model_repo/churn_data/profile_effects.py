"""How far the bins of columns move the answers of a model, in an additive stand-in for it.

It knows bins and answers; it must not know the model.
"""

from collections.abc import Mapping

import numpy
import scipy.sparse
import scipy.sparse.linalg

from churn_model.training_profile import ColumnProfile

_PENALTY = 1.0
_ROUNDS = 500
"""Far more than it takes to come within what anybody is told."""
_LEAST = 1e-9


def log_odds(probabilities: numpy.ndarray) -> numpy.ndarray:
    """The log-odds of probabilities, kept finite."""
    kept = numpy.clip(probabilities, _LEAST, 1.0 - _LEAST)
    found: numpy.ndarray = numpy.log(kept / (1.0 - kept))
    return found


def effects_of(
    features: Mapping[str, ColumnProfile], bins: Mapping[str, numpy.ndarray], answered: numpy.ndarray
) -> dict[str, tuple[float, ...]]:
    """An additive stand-in for the model, by ridge regression on bins: of a sum the Shapley value of a feature is its
    own term against its mean (Lundberg and Lee 2017), however features hang together."""
    starts = numpy.cumsum([0, *(len(each.counts) for each in features.values())])
    places = numpy.stack([start + bins[name] for start, name in zip(starts, features, strict=False)], axis=1)
    rows = numpy.arange(0, places.size + 1, len(features))
    design = scipy.sparse.csr_array((numpy.ones(places.size), places.ravel(), rows), (len(answered), starts[-1]))
    shares = design.mean(axis=0)
    weights = scipy.sparse.linalg.lsqr(
        design, answered - answered.mean(), damp=_PENALTY**0.5, atol=1e-8, btol=1e-8, iter_lim=_ROUNDS
    )[0]
    found: dict[str, tuple[float, ...]] = {}
    for start, end, name in zip(starts, starts[1:], features, strict=False):
        own = slice(start, end)
        effects = weights[own] - weights[own] @ shares[own]
        # A bin that nobody was in says nothing.
        found[name] = tuple(numpy.where(shares[own] > 0.0, effects, 0.0).round(6).tolist())
    return found
