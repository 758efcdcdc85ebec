"""How far the bins of columns move the answers of a model, in an additive stand-in for it.

It knows bins and answers; it must not know the model.
"""

from collections.abc import Mapping

import numpy

from churn_model.training_profile import ColumnProfile

_PENALTY = 1.0
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
    sizes = [len(features[name].counts) for name in features]
    starts = numpy.cumsum([0, *sizes])
    design = numpy.zeros((len(answered), starts[-1]))
    for start, name in zip(starts, features, strict=False):
        design[numpy.arange(len(answered)), start + bins[name]] = 1.0
    shares = design.mean(axis=0)
    centred = design - shares
    normal = centred.T @ centred + _PENALTY * numpy.eye(len(shares))
    weights = numpy.linalg.solve(normal, centred.T @ (answered - answered.mean()))
    found: dict[str, tuple[float, ...]] = {}
    for start, size, name in zip(starts, sizes, features, strict=False):
        own = slice(start, start + size)
        effects = weights[own] - weights[own] @ shares[own]
        # A bin that nobody was in says nothing.
        found[name] = tuple(numpy.where(shares[own] > 0.0, effects, 0.0).round(6).tolist())
    return found
