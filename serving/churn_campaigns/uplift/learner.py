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

from churn_campaigns.uplift.base_learners import Churn, ChurnModel, Recalibrated, Response, Shift, line, trees
from churn_campaigns.uplift.belief import RISK, InformedEncoder, beginning, believed, by_risk, risk_of, settled
from churn_campaigns.uplift.requirements import chances, require_enough

FOLDS = 5
ENOUGH_FOR_TREES = 1_500  # treated customers; from fewer they learn hardly anything, and take most of the time

Array = numpy.ndarray


@dataclass(frozen=True)
class UpliftModel:
    """What an action changes for a customer.

    Attributes:
        average: the mean reduction of churn probability over the customers it was learned from.
        standard_error: of that average.
        level: the average that is counted with: nearer to what was assumed, where something was.
        out_of_fold: float [customers], predictions for those customers by base learners that had not seen them.
        scores: float [customers], doubly robust scores: each customer's effect plus noise that averages out.
        weights: of what was weighed against the beginning: the average dealt out by risk, where that is not the
            beginning, or else the response types; where there are customers enough, the shift of log-odds; the ridge
            regression; where there are enough, the boosted trees. All 0: no sign that the beginning is wrong.
    """

    average: float
    standard_error: float
    level: float
    out_of_fold: Array
    scores: Array
    weights: tuple[float, ...]
    _encoder: InformedEncoder
    _members: tuple[Any, ...]
    _means: Array
    _risk: float
    _columns: list[str]
    _churn: tuple[ChurnModel, ChurnModel]

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
            said = self.level + _answers(self._members, customers) - self._means
            informed = RISK in self._columns
            first, away = beginning(by_risk(self.level, risk, self._risk), said, informed=informed)
        return _bounded(first + away @ numpy.array(self.weights))


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
    *,
    assumed: float | None = None,
) -> UpliftModel:
    """Learn what a treatment changes from customers who were given it, or not, by chance.

    Every customer gets a doubly robust score, whose expectation is the customer's effect, out of models of churn with
    and without the treatment that have not seen the customer (Kennedy 2023, equation 2). Models say how
    the effect varies: the probabilities to be kept and to be driven away, a ridge regression of the scores, and of
    :data:`ENOUGH_FOR_TREES` treated customers a shift of the log-odds and boosted trees of the scores. How far each is
    believed is decided by non-negative least squares, out of fold (stacking, Breiman 1996; for effects Nie and Wager
    2021, section 4.2), on the scores: unless they then foresee these better, by one standard error, than the average
    dealt out by risk, that is what everybody is given. Where a model of before knows everybody's risk, the beginning
    are the response types, which a prior keeps near that average; the others are judged, the average dealt out by risk
    among them, by how far treated customers were from what was expected, which holds less noise. Only how the effect
    varies may hang on the model of before; the average, and everything that is called shown, rests on the scores.

    Args:
        features: one row a customer, known before the treatment; text columns are categories; cells may be missing.
        treated: int [customers], 1 for treated.
        churned: int [customers], 1 for left.
        seed: the same seed gives the same model, whatever the number of cores.
        propensity: each customer's probability to have been treated. None: the same for all, the share treated.
        folds: of the scores.
        assumed: the share of would-be leavers that the treatment was taken to keep (None: nothing was assumed).

    Raises:
        UpliftNotLearnable: too few leavers or stayers with or without the treatment, or a propensity of 0 or 1.
    """
    treated, churned = numpy.asarray(treated, dtype=int), numpy.asarray(churned, dtype=int)
    require_enough(features, treated, churned)
    chance = chances(propensity, treated)
    campaign = _Campaign(features, treated, churned, seed, folds)
    # One thread, for the same last bits on every machine.
    with threadpool_limits(1):
        return campaign.effect(chance, assumed)


class _Campaign:
    """One randomised campaign while it is learned from."""

    def __init__(self, features: pandas.DataFrame, treated: Array, churned: Array, seed: int, folds: int) -> None:
        self._encoder = InformedEncoder(features)
        self._features, self._customers = features, self._encoder.encode(features)
        self._treated, self._churned, self._seed = treated, churned, seed
        dealt = StratifiedKFold(folds, shuffle=True, random_state=seed)
        self._splits = list(dealt.split(self._customers, 2 * treated + churned))
        self._everybody = numpy.arange(len(features))
        self._trees = int(treated.sum()) >= ENOUGH_FOR_TREES

    def effect(self, chance: Array, assumed: float | None) -> UpliftModel:
        """Both stages: scores, then functions of the features."""
        without, with_it, differing = self._first_stage()
        scores = doubly_robust(self._treated, self._churned, without, with_it, chance)
        unseen = numpy.column_stack([differing, self._second_stage(scores)])
        risk = risk_of(self._features, without)
        average, error = float(scores.mean()), float(scores.std(ddof=1) / numpy.sqrt(len(scores)))
        level = average if assumed is None else settled(average, error, assumed * float(risk.mean()))
        said = level + unseen - unseen.mean(axis=0)
        first, away = beginning(by_risk(level, risk, float(risk.mean())), said, informed=RISK in self._features)
        judges, seen = self._judges(scores, without)
        weights = believed(away[judges], (seen - first)[judges])
        untreated = self._churn(self._everybody, 0)
        members = (*self._responses(self._everybody, untreated), *self._lines(self._everybody, scores))
        return UpliftModel(
            average,
            error,
            level,
            _bounded(first + away @ weights),
            scores,
            tuple(float(weight) for weight in weights),
            self._encoder,
            members,
            _answers(members, self._customers).mean(axis=0),
            float(risk.mean()),
            [str(name) for name in self._features],
            (untreated, self._churn(self._everybody, 1)),
        )

    def _judges(self, scores: Array, without: Array) -> tuple[Array, Array]:
        """Who tells how far models are believed (int [some]), and each one's effect with noise: float [customers]."""
        if RISK not in self._features:
            return self._everybody, scores
        return numpy.flatnonzero(self._treated), without - self._churned

    def _first_stage(self) -> tuple[Array, Array, Array]:
        """Churn without and with the treatment, and the difference by one or two ways (float [customers, ways]), by
        models that had not seen the customer."""
        without, with_it = numpy.empty((2, len(self._customers)))
        differing = numpy.empty((len(self._customers), 1 + self._trees))
        for train, test in self._splits:
            unseen, untreated = self._customers[test], self._churn(train, 0)
            without[test] = untreated.predict(unseen)
            with_it[test] = self._churn(train, 1).predict(unseen)
            differing[test] = _answers(self._responses(train, untreated), unseen)
        return without, with_it, differing

    def _second_stage(self, scores: Array) -> Array:
        answers = numpy.empty((len(scores), 1 + self._trees))
        for train, test in self._splits:
            answers[test] = _answers(self._lines(train, scores), self._customers[test])
        return answers

    def _churn(self, rows: Array, arm: int) -> ChurnModel:
        rows = rows[self._treated[rows] == arm]
        model = Recalibrated() if RISK in self._features else Churn(self._seed)
        return model.fit(self._customers[rows], self._churned[rows])

    def _responses(self, rows: Array, untreated: ChurnModel) -> list[Any]:
        rows = rows[self._treated[rows] == 1]
        customers, churned = self._customers[rows], self._churned[rows]
        found: list[Any] = [Response(untreated).fit(customers, churned)]
        return [*found, Shift(self._seed, untreated).fit(customers, churned)] if self._trees else found

    def _lines(self, rows: Array, scores: Array) -> list[Any]:
        known = self._customers[rows]
        found = [line().fit(known, scores[rows])]
        return [*found, trees(self._seed).fit(known, scores[rows])] if self._trees else found


def _answers(members: Sequence[Any], customers: Array) -> Array:
    return numpy.column_stack([member.predict(customers) for member in members])


def _bounded(effect: Array) -> Array:
    return numpy.asarray(numpy.clip(effect, -1.0, 1.0))
