"""The models inside the learner: what churn is with and without a treatment, and how the difference varies.

Linear models and trees side by side: neither is near the truth in every company. They are small on purpose, because
the learner fits each of them six times or more. They must not know how a customer came to be treated.
"""

from typing import Any, Protocol, Self

import numpy
from catboost import CatBoostClassifier, CatBoostRegressor, Pool
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.linear_model import LogisticRegression, RidgeCV

CERTAIN = 1e-4  # no customer's churn is taken for more certain than this, or log-odds would grow without bound

TYPICAL_RESPONSE = (-1.4, -3.5)  # log-odds to be kept (0.2) and to be driven away (0.03) where nothing is known
RIDGE = 30.0  # pull towards them
STEADY = 200.0  # pull towards what a model of before said: noise in it would look like effects that differ

Array = numpy.ndarray


class ChurnModel(Protocol):
    """A fitted model of churn in one arm."""

    def predict(self, customers: Array, /) -> Array:
        """Probabilities of customers (float [customers, columns]): float [customers]."""


class Churn:
    """The probability to churn in one arm: the mean of a logistic regression and boosted trees."""

    def __init__(self, seed: int) -> None:
        self._trees = CatBoostClassifier(iterations=80, depth=3, learning_rate=0.08, **_common(seed))
        self._line = LogisticRegression(C=0.3, max_iter=2000)

    def fit(self, customers: Array, churned: Array) -> Self:
        """Learn from customers (float [customers, columns]) and who of them left."""
        self._trees.fit(customers, churned)
        self._line.fit(customers, churned)
        return self

    def predict(self, customers: Array) -> Array:
        """Float [customers]."""
        both = self._trees.predict_proba(customers)[:, 1] + self._line.predict_proba(customers)[:, 1]
        return numpy.asarray(numpy.clip(both / 2.0, CERTAIN, 1.0 - CERTAIN))


class Recalibrated:
    """The probability to churn in one arm as a model of before says, set right by the arm: its log-odds stretched,
    moved, and corrected by a few numbers that a ridge penalty keeps small (an offset logistic regression).

    A campaign's arm holds hundreds of customers, the model of before has seen tens of thousands, so what it says is the
    better beginning. The first column holds it.
    """

    def __init__(self) -> None:
        self._weights: Array = numpy.empty(0)

    def fit(self, customers: Array, churned: Array) -> Self:
        """Learn from customers (float [customers, columns], log-odds first) and who of them left."""
        known = _with_one(customers)
        as_said = numpy.eye(known.shape[1])[1]
        pull = numpy.full(known.shape[1], STEADY)
        pull[:2] = 1.0
        self._weights = minimize(_misfit, as_said, (as_said, known, pull, churned), "L-BFGS-B", jac=True).x
        return self

    def predict(self, customers: Array) -> Array:
        """Float [customers]."""
        return numpy.asarray(numpy.clip(expit(_with_one(customers) @ self._weights), CERTAIN, 1.0 - CERTAIN))


class Shift:
    """The effect as a shift of the log-odds: boosted trees on treated customers, on top of their churn without it.

    A shift of log-odds moves those most who could go either way, as real effects do, and needs less data than a
    difference of two models.
    """

    def __init__(self, seed: int, without: ChurnModel) -> None:
        self._without = without
        self._trees = CatBoostClassifier(
            iterations=60, depth=2, learning_rate=0.06, l2_leaf_reg=30, boost_from_average=False, **_common(seed)
        )

    def fit(self, treated: Array, churned: Array) -> Self:
        """Learn from treated customers and who of them left."""
        self._trees.fit(Pool(treated, churned, baseline=_log_odds(self._without.predict(treated))))
        return self

    def predict(self, customers: Array) -> Array:
        """Reduction of churn probability, float [customers]."""
        without = self._without.predict(customers)
        shift = self._trees.predict(customers, prediction_type="RawFormulaVal")
        return numpy.asarray(without - 1.0 / (1.0 + numpy.exp(-_log_odds(without) - shift)))


class Response:
    """The effect by response type: some would-be leavers are kept, some would-be stayers are driven away, each with a
    probability of its own whose log-odds are linear in the features (a mixture of principal strata, Frangakis and Rubin
    2002; maximum likelihood on treated customers with a ridge penalty, churn without the treatment taken for known).

    A handful of numbers for each of the two, so it learns from fewer customers than trees do.
    """

    def __init__(self, without: ChurnModel) -> None:
        self._without = without
        self._weights: Array = numpy.empty((2, 0))

    def fit(self, treated: Array, churned: Array) -> Self:
        """Learn from treated customers and who of them left."""
        known = _with_one(treated)
        without = self._without.predict(treated)
        typical = numpy.zeros((2, known.shape[1]))
        typical[:, 0] = TYPICAL_RESPONSE
        found = minimize(_deviance, typical.ravel(), (typical, known, without, churned), "L-BFGS-B", jac=True)
        self._weights = found.x.reshape(typical.shape)
        return self

    def predict(self, customers: Array) -> Array:
        """Reduction of churn probability, float [customers]."""
        without = self._without.predict(customers)
        kept, driven = expit(self._weights @ _with_one(customers).T)
        return numpy.asarray(without * kept - (1.0 - without) * driven)


def _with_one(customers: Array) -> Array:
    return numpy.column_stack([numpy.ones(len(customers)), customers])


def _misfit(weights: Array, as_said: Array, known: Array, pull: Array, churned: Array) -> tuple[float, Array]:
    """Negative log likelihood of a logistic regression with the penalty, and its gradient."""
    log_odds = known @ weights
    change = weights - as_said
    loss = float(numpy.logaddexp(0.0, log_odds).sum() - churned @ log_odds + (pull * change**2).sum() / 2.0)
    return loss, (expit(log_odds) - churned) @ known + pull * change


def _deviance(flat: Array, typical: Array, known: Array, without: Array, churned: Array) -> tuple[float, Array]:
    """Negative log likelihood with the penalty, and its gradient."""
    weights = flat.reshape(typical.shape)
    kept, driven = expit(weights @ known.T)
    leaves = numpy.clip(without * (1.0 - kept) + (1.0 - without) * driven, CERTAIN, 1.0 - CERTAIN)
    change = weights - typical
    loss = -(churned * numpy.log(leaves) + (1 - churned) * numpy.log1p(-leaves)).sum()
    slope = (leaves - churned) / (leaves * (1.0 - leaves))
    inner = numpy.stack([-slope * without * kept * (1.0 - kept), slope * (1.0 - without) * driven * (1.0 - driven)])
    return float(loss + RIDGE / 2.0 * (change**2).sum()), (inner @ known + RIDGE * change).ravel()


def line() -> Any:
    """An unfitted ridge regression of doubly robust scores, shrunk by cross-validation."""
    return RidgeCV(alphas=numpy.logspace(1, 5, 9))


def trees(seed: int) -> Any:
    """Unfitted boosted trees of doubly robust scores; a single score is nearly all noise, so they are small."""
    return CatBoostRegressor(iterations=80, depth=3, learning_rate=0.05, l2_leaf_reg=100, **_common(seed))


def _common(seed: int) -> dict[str, Any]:
    # One thread, because sums in parallel depend on the number of cores in their last bits.
    return {
        "boosting_type": "Plain",
        "random_seed": seed,
        "thread_count": 1,
        "border_count": 32,  # most columns are yes or no, and small samples know no finer thresholds
        "leaf_estimation_iterations": 1,  # of small trees at small steps; more take twice the time and find the same
        "verbose": False,
        "allow_writing_files": False,
    }


def _log_odds(probability: Array) -> Array:
    return numpy.asarray(numpy.log(probability / (1.0 - probability)))
