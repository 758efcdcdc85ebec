"""What an action changes for whom, learned from a randomised campaign: a cross-fitted doubly robust learner.

High risk is not the same as easily kept (Ascarza 2018): whom to contact is a question about the difference that an
action makes, and only customers who were and who were not given it by chance can answer it. The estimator is the
DR-learner of Kennedy (2023), "Towards optimal doubly robust estimation of heterogeneous causal effects", algorithm 1.
It must not know files, actions or money.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy
import pandas
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from churn_campaigns.uplift.base_learners import Churn, Response, Shift, line, trees
from churn_campaigns.uplift.belief import believed, by_risk, risk_of
from churn_campaigns.uplift.encoding import CovariateEncoder
from churn_model.errors import ChurnModelError

FOLDS = 5
FEWEST = 2 * FOLDS  # leavers and stayers needed on each side: two for every fold
SMALLEST_PROPENSITY = 0.01  # weights beyond a hundredfold would let single customers decide

Array = numpy.ndarray


class UpliftNotLearnable(ChurnModelError):
    """The campaign's outcomes cannot tell what the action changes."""


@dataclass(frozen=True)
class UpliftModel:
    """What an action changes for a customer.

    Attributes:
        average: the mean reduction of churn probability over the customers it was learned from.
        standard_error: of that average.
        out_of_fold: float [customers], predictions for those customers by base learners that had not seen them.
        scores: float [customers], doubly robust scores: each customer's effect plus noise that averages out.
        weights: of the shift of log-odds, the response types, the ridge regression and the boosted trees; all 0: no
            sign that the effect differs but with risk.
    """

    average: float
    standard_error: float
    out_of_fold: Array
    scores: Array
    weights: tuple[float, ...]
    _encoder: CovariateEncoder
    _members: tuple[Any, ...]
    _means: Array
    _risk: float
    _columns: list[str]
    _churn: tuple[Churn, Churn]

    def without(self, frame: pandas.DataFrame) -> Array:
        """Each customer's probability to churn without the action: float [customers]."""
        with threadpool_limits(1):
            return self._churn[0].predict(self._encoder.encode(frame))

    def score(self, frame: pandas.DataFrame, treated: Array, churned: Array, propensity: Array) -> Array:
        """Doubly robust scores (float [customers]) of customers whom this model has not seen: each one's effect plus
        noise that averages out. Arguments as in :func:`fit_uplift`, ``propensity`` float [customers]."""
        with threadpool_limits(1):
            customers = self._encoder.encode(frame)
            without, with_it = (model.predict(customers) for model in self._churn)
        return doubly_robust(treated, churned, without, with_it, propensity)

    def predict(self, frame: pandas.DataFrame) -> Array:
        """By how much the action lowers each customer's probability to churn: positive keeps, negative drives away.

        Args:
            frame: the columns it was learned from, in any order; more are ignored.

        Returns:
            Float [customers], each from -1 to 1.
        """
        with threadpool_limits(1):
            customers = self._encoder.encode(frame)
            risk = risk_of(frame[self._columns], self._churn[0].predict(customers))
            base = by_risk(self.average, risk, self._risk)
            away = self.average + _answers(self._members, customers) - self._means - base[:, None]
        return _bounded(base + away @ numpy.array(self.weights))


def doubly_robust(treated: Array, churned: Array, without: Array, with_it: Array, chance: Array) -> Array:
    """The score of each customer (Robins, Rotnitzky and Zhao 1994): the difference between two models of churn, and
    what the one of the customer's own arm missed, weighted by how unlikely that arm was."""
    surprise = treated * (churned - with_it) / chance - (1 - treated) * (churned - without) / (1.0 - chance)
    return numpy.asarray(without - with_it - surprise)


def fit_uplift(
    features: pandas.DataFrame,
    treated: Array,
    churned: Array,
    seed: int,
    propensity: Array | float | None = None,
    folds: int = FOLDS,
) -> UpliftModel:
    """Learn what a treatment changes from customers who were given it, or not, by chance.

    Every customer gets a doubly robust score, whose expectation is the customer's effect, out of models of churn with
    and without the treatment that have not seen the customer (Kennedy 2023, equation 2). Four models say
    how the effect varies: a ridge regression and boosted trees of the scores, a shift of the log-odds, and the
    probabilities to be kept and to be driven away. How far each is believed is decided by non-negative least squares
    on the scores, out of fold (stacking, Breiman 1996; for effects Nie and Wager 2021, section 4.2). Unless they then
    explain the scores better, by two standard errors, than the average dealt out by risk, that is what everybody is
    given.

    Args:
        features: one row a customer, known before the treatment; text columns are categories; cells may be missing.
        treated: int [customers], 1 for treated.
        churned: int [customers], 1 for left.
        seed: the same seed gives the same model, whatever the number of cores.
        propensity: each customer's probability to have been treated. None: the same for all, the share treated.
        folds: of the scores.

    Raises:
        UpliftNotLearnable: too few leavers or stayers with or without the treatment, or a propensity of 0 or 1.
    """
    treated, churned = numpy.asarray(treated, dtype=int), numpy.asarray(churned, dtype=int)
    _require_enough(features, treated, churned)
    chance = _chance(propensity, treated)
    campaign = _Campaign(features, treated, churned, seed, folds)
    # One thread, for the same last bits on every machine.
    with threadpool_limits(1):
        return campaign.effect(chance)


class _Campaign:
    """One randomised campaign while it is learned from."""

    def __init__(self, features: pandas.DataFrame, treated: Array, churned: Array, seed: int, folds: int) -> None:
        self._encoder = CovariateEncoder(features)
        self._features, self._customers = features, self._encoder.encode(features)
        self._treated, self._churned, self._seed = treated, churned, seed
        dealt = StratifiedKFold(folds, shuffle=True, random_state=seed)
        self._splits = list(dealt.split(self._customers, 2 * treated + churned))
        self._everybody = numpy.arange(len(features))

    def effect(self, chance: Array) -> UpliftModel:
        """Both stages: scores, then functions of the features."""
        without, with_it, differing = self._first_stage()
        scores = doubly_robust(self._treated, self._churned, without, with_it, chance)
        unseen = numpy.column_stack([differing, self._second_stage(scores)])
        risk = risk_of(self._features, without)
        average = float(scores.mean())
        base = by_risk(average, risk, float(risk.mean()))
        away = average + unseen - unseen.mean(axis=0) - base[:, None]
        weights = believed(away, scores - base)
        untreated = self._churn(self._everybody, 0)
        members = (*self._responses(self._everybody, untreated), *self._lines(self._everybody, scores))
        return UpliftModel(
            average,
            float(scores.std(ddof=1) / numpy.sqrt(len(scores))),
            _bounded(base + away @ weights),
            scores,
            tuple(float(weight) for weight in weights),
            self._encoder,
            members,
            _answers(members, self._customers).mean(axis=0),
            float(risk.mean()),
            [str(name) for name in self._features],
            (untreated, self._churn(self._everybody, 1)),
        )

    def _first_stage(self) -> tuple[Array, Array, Array]:
        """Churn without and with the treatment, and the difference by either of two ways (float [customers, 2]), by
        models that had not seen the customer."""
        without, with_it = numpy.empty((2, len(self._customers)))
        differing = numpy.empty((len(self._customers), 2))
        for train, test in self._splits:
            unseen, untreated = self._customers[test], self._churn(train, 0)
            without[test] = untreated.predict(unseen)
            with_it[test] = self._churn(train, 1).predict(unseen)
            differing[test] = _answers(self._responses(train, untreated), unseen)
        return without, with_it, differing

    def _second_stage(self, scores: Array) -> Array:
        answers = numpy.empty((len(scores), 2))
        for train, test in self._splits:
            answers[test] = _answers(self._lines(train, scores), self._customers[test])
        return answers

    def _churn(self, rows: Array, arm: int) -> Churn:
        rows = rows[self._treated[rows] == arm]
        return Churn(self._seed).fit(self._customers[rows], self._churned[rows])

    def _responses(self, rows: Array, untreated: Churn) -> tuple[Shift, Response]:
        rows = rows[self._treated[rows] == 1]
        customers, churned = self._customers[rows], self._churned[rows]
        return Shift(self._seed, untreated).fit(customers, churned), Response(untreated).fit(customers, churned)

    def _lines(self, rows: Array, scores: Array) -> tuple[Any, Any]:
        known = self._customers[rows]
        return line().fit(known, scores[rows]), trees(self._seed).fit(known, scores[rows])


def _answers(members: Sequence[Any], customers: Array) -> Array:
    return numpy.column_stack([member.predict(customers) for member in members])


def _require_enough(features: pandas.DataFrame, treated: Array, churned: Array) -> None:
    if not len(features) == len(treated) == len(churned):
        raise ValueError("features, treated and churned differ in length")
    if not numpy.isin([treated, churned], (0, 1)).all():
        raise ValueError("treated and churned hold 0 and 1 only")
    for arm, words in ((1, "with"), (0, "without")):
        leavers = int(churned[treated == arm].sum())
        stayers = int((treated == arm).sum()) - leavers
        if min(leavers, stayers) < FEWEST:
            found = f"{leavers} customers left and {stayers} stayed {words} the treatment"
            raise UpliftNotLearnable(f"{found}; at least {FEWEST} of each are needed to learn what it changes")


def _chance(propensity: Array | float | None, treated: Array) -> Array:
    given = numpy.asarray(treated.mean() if propensity is None else propensity, dtype=float)
    chance = numpy.broadcast_to(given, treated.shape)
    if not ((chance >= SMALLEST_PROPENSITY) & (chance <= 1.0 - SMALLEST_PROPENSITY)).all():
        allowed = f"{SMALLEST_PROPENSITY:g} to {1.0 - SMALLEST_PROPENSITY:g}"
        raise UpliftNotLearnable(f"the probability to be treated must be {allowed} for everybody, or nothing compares")
    return chance


def _bounded(effect: Array) -> Array:
    return numpy.asarray(numpy.clip(effect, -1.0, 1.0))
