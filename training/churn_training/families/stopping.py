"""Fits one fold, and where a family boosts, watches how its loss on the fold's other customers develops tree by tree.

How many trees there shall be is one number for all folds, chosen by whoever has all of their curves: so what leaks from
the customers that a fold is measured on is one parameter. It must not know how folds are made.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from churn_data.dataset import Dataset
from churn_training.families.candidates import ESTIMATOR, Candidate, log_odds

_WATCHED = {"histogram": {"early_stopping": True, "scoring": "loss", "tol": 0.0}, "randomized": {}}
"""What growers of plain trees must be told to be watched."""
FEW_ROWS = 100_000
"""Up to which threads of scikit-learn's boosting wait for each other longer than they work."""


@dataclass(frozen=True)
class FittedFold:
    """A pipeline, and its log loss on customers unseen after each tree (None: not watched)."""

    candidate: Candidate
    pipeline: Pipeline
    curve: numpy.ndarray | None

    def answers(self, asked: Dataset, trees: int | None) -> numpy.ndarray:
        """Log-odds, one a customer, by the first so many trees (None: all)."""
        estimator = self.pipeline.named_steps[ESTIMATOR]
        if trees is None or self.curve is None:
            return log_odds(self.pipeline, self.candidate.kind, asked.frame)
        features = self.pipeline[:-1].transform(asked.frame) if len(self.pipeline) > 1 else asked.frame
        trees = min(trees, len(self.curve))
        if self.candidate.kind != "trees":
            raw: numpy.ndarray = estimator.predict(features, prediction_type="RawFormulaVal", ntree_end=trees)
            return raw
        with threads_for(len(asked)):
            *_, last = islice(estimator.staged_decision_function(features), trees)
        return numpy.asarray(last, dtype=float).ravel()


def fit_fold(candidate: Candidate, training: Dataset, unseen: Dataset, seed: int) -> FittedFold:
    """Fit on `training`; `unseen` customers are looked at for stopping alone."""
    pipeline = candidate.build(training.categories, seed)
    if not (candidate.patience and candidate.boosts):
        return FittedFold(candidate, fit_whole(pipeline, training), None)
    features, watched = training.frame, unseen.frame
    if len(pipeline) > 1:
        features = pipeline[:-1].fit_transform(features, training.churned)
        watched = pipeline[:-1].transform(watched)
    estimator = pipeline.named_steps[ESTIMATOR]
    with threads_for(len(training)):
        if candidate.kind == "trees":
            estimator.set_params(n_iter_no_change=candidate.patience, **_WATCHED[candidate.grower])
            estimator.fit(features, training.churned, X_val=watched, y_val=unseen.churned)
            curve = -numpy.asarray(estimator.validation_score_[1:], dtype=float)
        else:
            estimator.fit(
                features,
                training.churned,
                eval_set=(watched, unseen.churned),
                early_stopping_rounds=candidate.patience,
                use_best_model=False,
            )
            curve = numpy.asarray(estimator.evals_result_["validation"]["Logloss"], dtype=float)
    return FittedFold(candidate, pipeline, curve)


def fit_whole(pipeline: Pipeline, training: Dataset) -> Pipeline:
    """Fit a pipeline without watching anything."""
    with threads_for(len(training)), warnings.catch_warnings():
        # A search tries settings whose weights take long to settle; their loss says what they are worth.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return pipeline.fit(training.frame, training.churned)


def best_count(curves: Sequence[numpy.ndarray | None]) -> int | None:
    """The number of trees with the lowest mean loss over all folds; a fold that was stopped keeps its last loss."""
    known = [curve for curve in curves if curve is not None]
    if not known:
        return None
    longest = max(map(len, known))
    padded = [numpy.pad(curve, (0, longest - len(curve)), mode="edge") for curve in known]
    return int(numpy.argmin(numpy.mean(padded, axis=0))) + 1


def threads_for(rows: int) -> threadpool_limits:
    """One thread for few rows, as many as there are for many."""
    return threadpool_limits(limits=1 if rows <= FEW_ROWS else None)
