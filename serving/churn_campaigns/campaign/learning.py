"""What past campaigns have shown of each action, and what that says about a customer: measured, or not.

Only an action whose effect was shown lends its measured effects to a plan. It reads no file and must not know budgets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy
import pandas
from msgspec import structs
from scipy.stats import norm

from churn_campaigns.campaign.history import Comparison, History
from churn_campaigns.uplift.belief import with_risk
from churn_campaigns.uplift.cross_fitting import CrossFitted, cross_fit, folds_of
from churn_campaigns.uplift.encoding import CovariateEncoder
from churn_campaigns.uplift.evidence import Estimate, Evidence, evidence, level_for
from churn_campaigns.uplift.overlap import Reach
from churn_campaigns.uplift.randomisation import Randomisation, check_randomisation
from churn_campaigns.uplift.requirements import UpliftNotLearnable
from churn_campaigns.uplift.shrinkage import share_kept, shrunk
from churn_data.errors import DataError
from churn_model.rules import ActionRule

PROVEN, HARMFUL, UNPROVEN, UNKNOWN, NOT_RANDOM = "proven", "harmful", "not proven", "not learnable", "not random"
ASSUMED = "assumed"
FEWEST_CHOSEN = 50  # customers whom an assumed effect would choose, to be judged by; of fewer everybody counts


@dataclass(frozen=True)
class Lesson:
    """What the history has shown of one action.

    Attributes:
        verdict: "proven", "harmful" (on average, and for nobody was the contrary shown), "not proven", "not learnable"
            (too few customers), "not random" (the arms cannot have been dealt by chance).
        why: one line where the verdict needs one.
        comparison: whom it rests on.
        value: float [customers of the comparison], money lost when one leaves.
        fitted, evidence, randomisation: None where nothing could be learned.
        share: of the would-be leavers among those whom the use case's effect would choose, how many the action keeps.
    """

    verdict: str
    comparison: Comparison
    value: numpy.ndarray
    why: str = ""
    fitted: CrossFitted | None = None
    evidence: Evidence | None = None
    randomisation: Randomisation | None = None
    share: Estimate | None = None

    @property
    def measured(self) -> bool:
        """Whether the effect counts as measured."""
        return self.verdict in (PROVEN, HARMFUL)


@dataclass(frozen=True)
class Lessons:
    """What past campaigns have shown, by action id; ``level`` is that at which all their intervals hold together.
    ``customers``: int [rows of the history], equal for rows of one customer."""

    by_action: Mapping[str, Lesson]
    level: float
    customers: numpy.ndarray
    frame: pandas.DataFrame

    @property
    def measured(self) -> dict[str, Lesson]:
        """The actions whose effects count as measured."""
        return {action: lesson for action, lesson in self.by_action.items() if lesson.measured}

    def corrected(self, actions: Sequence[ActionRule]) -> tuple[ActionRule, ...]:
        """The actions, with what is assumed of those that were tried in vain lowered as far as the history says
        (:mod:`~churn_campaigns.uplift.shrinkage`). What was not shown is never raised, nor what was measured elsewhere
        changed."""
        seen = {name: found for name, lesson in self.by_action.items() if (found := lesson.share) is not None}
        tried = [action for action in actions if action.id in seen]
        shares = shrunk([action.effect for action in tried], [seen[action.id] for action in tried])
        lowered = {
            action.id: min(action.effect, max(0.0, share))
            for action, share in zip(tried, shares, strict=True)
            if self.by_action[action.id].verdict == UNPROVEN and action.source == ASSUMED
        }
        return tuple(structs.replace(action, effect=lowered.get(action.id, action.effect)) for action in actions)


@dataclass(frozen=True)
class Answers:
    """What a measured action would change: ``effect`` and churn ``without`` it, float [customers]; ``reached``, bool
    [customers], whether the campaigns reached customers like these; ``folds``, int [customers]."""

    effect: numpy.ndarray
    without: numpy.ndarray
    reached: numpy.ndarray
    folds: numpy.ndarray


class Measured:
    """The effects of a measured action on customers, by models that have seen nothing of them.

    Args:
        lesson: a measured one.
        past: features of the history's customers it rests on.
        now: features of customers of the campaign to come, as many as tell what they are like.
        seed: of what tells the two apart.
    """

    def __init__(self, lesson: Lesson, past: pandas.DataFrame, now: pandas.DataFrame, seed: int) -> None:
        if lesson.fitted is None:
            raise ValueError("nothing was learned of this action")
        self._fitted, self._evidence, self._harmful = lesson.fitted, lesson.evidence, lesson.verdict == HARMFUL
        self._reach = Reach(past, now, seed)

    def answer(self, frame: pandas.DataFrame, ids: Sequence[str], probability: numpy.ndarray) -> Answers:
        """What the action would change for these customers, of whom the model says that they leave with this
        ``probability`` (float [customers])."""
        folds = folds_of(ids)
        effect, without = self._fitted.predict(with_risk(frame, probability), folds)
        reached = self._reach.reached(frame)
        if self._harmful and self._evidence is not None:
            # Nothing was shown for those whom the models would spare the harm, nor for those whom nobody tried.
            effect = numpy.minimum(effect, self._evidence.average.mean)
            reached = numpy.ones(len(frame), dtype=bool)
        return Answers(effect, without, reached, folds)


def learn_from(history: History, actions: Sequence[ActionRule], value: numpy.ndarray, seed: int) -> Lessons:
    """What the history has shown of each action that somebody got.

    Args:
        history: past campaigns.
        actions: the use case's.
        value: float [rows of the history], money lost when the customer leaves.
        seed: the same seed learns the same.

    Raises:
        DataError: nobody got any of the actions, or nobody can be compared with those who did.
    """
    rules = {action.id: action for action in actions}
    tried = history.tried(list(rules))
    customers = history.customers
    level = level_for(len(tried))
    folds = folds_of(history.ids)
    lessons = {name: _lesson(history, rules[name], value, (folds, customers, level), seed) for name in tried}
    if not any(len(lesson.comparison.rows) for lesson in lessons.values()):
        first = next(iter(lessons.items()), None)
        if first is None:
            raise DataError(history.file, "nobody got any of the use case's actions", column="arm")
        name, lesson = first
        raise DataError(history.file, f'the effect of action "{name}" cannot be learned: {lesson.why}')
    return Lessons(lessons, level, customers, history.frame)


def _lesson(
    history: History,
    action: ActionRule,
    value: numpy.ndarray,
    shared: tuple[numpy.ndarray, numpy.ndarray, float],
    seed: int,
) -> Lesson:
    folds, customers, level = shared
    comparison = history.of(action.id)
    rows, treated = comparison.rows, comparison.treated
    frame = history.frame.iloc[rows].reset_index(drop=True)
    churned, worth = history.churned[rows], value[rows]
    known = frame if history.scores is None else with_risk(frame, history.scores[rows])
    if not len(rows):
        return Lesson(UNKNOWN, comparison, worth, "nobody of the arm control can be compared with who got it")
    try:
        chance = comparison.propensity
        fitted = cross_fit(known, treated, churned, folds[rows], seed, chance, assumed=action.effect)
    except UpliftNotLearnable as problem:
        return Lesson(UNKNOWN, comparison, worth, str(problem))
    found = evidence(fitted, treated, churned, worth, action.cost, customers[rows])
    encoded = CovariateEncoder(frame).encode(frame)
    threshold = float(norm.ppf(0.5 + level / 2.0))
    dealt = check_randomisation(encoded, treated, churned, comparison.strata, threshold, seed)
    verdict, why = _verdict(found, dealt, level)
    would = numpy.flatnonzero(action.effect * fitted.without * worth > action.cost)
    judged = would if len(would) >= FEWEST_CHOSEN else numpy.arange(len(worth))
    share = None if verdict == NOT_RANDOM else share_kept(fitted, worth, judged, customers[rows])
    return Lesson(verdict, comparison, worth, why, fitted, found, dealt, share)


def _verdict(found: Evidence, dealt: Randomisation, level: float) -> tuple[str, str]:
    if dealt.alarm:
        return NOT_RANDOM, f"what was known before tells who got it (p = {dealt.balance:.3f}): chance did not decide"
    if found.helps(level):
        return PROVEN, ""
    return (HARMFUL, "") if found.harms(level) else (UNPROVEN, "")
