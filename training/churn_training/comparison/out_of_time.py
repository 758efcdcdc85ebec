"""How the winner does on later customers when it has learnt from earlier ones alone, where customers say of which day
they are.

Random validation lets a model learn from the very days that it is judged on; nobody who uses it can. It must not choose
among models, and sees nothing of the holdout.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import numpy

from churn_data.dataset import Dataset
from churn_model.evaluation import evaluate, measure
from churn_training.comparison.bootstrap import intervals, probability_better
from churn_training.comparison.competition import Result, probabilities_of
from churn_training.comparison.splits import ENOUGH_TO_JUDGE, Split
from churn_training.families.candidates import log_odds
from churn_training.families.ensemble import Blend, Contender
from churn_training.families.stopping import fit_whole

LATER = 0.2
"""Share of the rows that are judged on, at the least: the latest."""
JUDGED_CUSTOMERS = 0.3
"""Share of the customers who have earlier and later rows that are judged on; the others are learnt from."""
SURE = 0.95
REPEATS = 500
OUT_OF_TIME, RANDOM = "out of time", "random"


@dataclass(frozen=True)
class OutOfTime:
    """`since`: the first day that is judged on; `learnt` and `judged`: rows before and from it on. `metrics` with their
    95 % `intervals` are those of the model that knows earlier days alone, `random` those of cross-validation on the
    very same rows, empty where it could not be measured. `worse`: the share of bootstrap samples in which the log loss
    out of time is the higher. `believed` is which of both to go by, and `why`, a sentence."""

    since: str
    learnt: int
    judged: int
    believed: str
    why: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    random: Mapping[str, float] = field(default_factory=dict)
    worse: float | None = None

    @property
    def figures(self) -> dict[str, float]:
        """Every figure under one name: `out_of_time_<metric>` and, on the same rows, `random_<metric>`."""
        return {
            **{f"out_of_time_{name}": value for name, value in self.metrics.items()},
            **{f"random_{name}": value for name, value in self.random.items()},
        }

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def validate_out_of_time(training: Dataset, best: Result, seed: int) -> OutOfTime | None:
    """Fit the winner on earlier rows and measure it on later ones of other customers; None where no column says of
    which day rows are, or all are of one day.

    Its settings were chosen on all of these rows; what the random validation on the same rows shows has the same
    advantage.

    Args:
        training: the customers that contenders were compared on.
        best: the winner with its out-of-fold answers to them.
        seed: of models and of who is judged on.
    """
    since = _first_later_day(training)
    if since is None:
        return None
    earlier, later = _split(training, since, seed)
    past, future = training.take(earlier), training.take(later)
    day = date.fromordinal(since).isoformat()
    few = _too_few(past, "before", day) or _too_few(future, "from then on, of customers not learnt from,", day)
    if few:
        return OutOfTime(day, len(past), len(future), RANDOM, few)
    rule, churned = training.usecase.profit, future.churned
    answered, known = probabilities_of(_answers(best.contender, past, future, seed)), best.probabilities[later]
    worse = probability_better(
        churned, known, answered, measure("log_loss", rule), seed, REPEATS, customers=future.customers
    )
    metrics, random = evaluate(churned, answered, rule), evaluate(churned, known, rule)
    return OutOfTime(
        since=day,
        learnt=len(past),
        judged=len(future),
        believed=OUT_OF_TIME,
        why=_why(metrics, random, worse, len(past), len(training)),
        metrics=metrics,
        intervals=intervals(churned, answered, rule, seed, REPEATS, customers=future.customers),
        random=random,
        worse=worse,
    )


def _first_later_day(training: Dataset) -> int | None:
    """The latest day from which on there are enough rows, never the very first."""
    if training.moments is None:
        return None
    days = numpy.unique(training.moments)[1:]
    enough = [day for day in days if (training.moments >= day).mean() >= LATER]
    return int(enough[-1] if enough else days[0]) if len(days) else None


def _split(training: Dataset, since: int, seed: int) -> Split:
    """Positions of the earlier and the later rows, no customer on both sides: of customers who have both, a part is
    judged on and their earlier rows are not used, the others are learnt from and their later rows are not used."""
    assert training.moments is not None  # noqa: S101 - who has no days has no first later one
    later = training.moments >= since
    everybody, group = numpy.unique(training.groups, return_inverse=True)
    has_later = numpy.bincount(group, weights=later) > 0
    has_earlier = numpy.bincount(group, weights=~later) > 0
    drawn = numpy.random.default_rng(seed).random(len(everybody)) < JUDGED_CUSTOMERS
    judged = has_later & (drawn | ~has_earlier)
    return numpy.flatnonzero(~later & ~judged[group]), numpy.flatnonzero(later & judged[group])


def _too_few(rows: Dataset, when: str, day: str) -> str:
    left, stayed = (len(numpy.unique(rows.groups[rows.churned == value])) for value in (1, 0))
    if min(left, stayed) >= ENOUGH_TO_JUDGE:
        return ""
    return (
        f"{left} customers who left and {stayed} who stayed {when} {day} are too few to judge by, "
        f"{ENOUGH_TO_JUDGE} of each are needed"
    )


def _answers(contender: Contender, past: Dataset, future: Dataset, seed: int) -> numpy.ndarray:
    """Log-odds of the future's rows by the contender fitted on the past."""
    members = contender.members if isinstance(contender, Blend) else (contender,)
    columns = [
        log_odds(fit_whole(member.build(past.categories, seed), past), member.kind, future.frame) for member in members
    ]
    return contender.combine(numpy.stack(columns, axis=1)) if isinstance(contender, Blend) else columns[0]


def _why(metrics: Mapping[str, float], random: Mapping[str, float], worse: float, learnt: int, everybody: int) -> str:
    compared = f"log loss {metrics['log_loss']:.4f} instead of {random['log_loss']:.4f} on the same customers"
    if worse >= SURE:
        return (
            f"it is as in use, where nobody knows the days to come, and random validation promises more: {compared} "
            f"(worse in {worse:.0%} of bootstrap samples, having learnt from {learnt:,} of {everybody:,} rows)"
        ).replace("% of", " % of")
    return f"it is as in use, where nobody knows the days to come; random validation does not contradict it: {compared}"
