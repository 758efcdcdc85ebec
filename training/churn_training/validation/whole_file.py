"""A file as a whole beside the champion's: as many customers, of no earlier day, who leave about as often, and no
column that tells who left far better than it did.

It must not look at single cells.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy

from churn_data.dataset import Dataset
from churn_data.inference import LEAK
from churn_model.holdout import Holdout
from churn_model.manifest import KnownFile, TrainingData
from churn_model.schema import Schema
from churn_training.comparison.common_ground import NoContestError, require_same_question
from churn_training.comparison.file_doubts import WholeFile, require_fit
from churn_training.comparison.known_file import QUANTILES, known_file
from churn_training.comparison.splits import holdout_of, split_by
from churn_training.packaging.compilation import until_of
from churn_training.validation.faults import Fault

FEWER = 0.5
"""Share of the champion's customers below which a file is a part of one."""
REPEATED = 0.5
"""Share of customers a row, of what it was, below which rows are there more often than they were."""
ODDS = 4.0
"""By how many times the odds of leaving may change: from 27 % to 8 or to 60 %. A label that means the opposite changes
them more, unless half of the customers leave."""
TOLD_MORE, TOLD = 0.25, 0.6
"""By how much a column may tell leavers and stayers farther apart than it did (Kolmogorov and Smirnov, 0 to 1), and
from where on that counts: the best honest columns of public data reach 0.65, and months change little about that."""


def own_faults(dataset: Dataset) -> Iterator[Fault]:
    """What is wrong with a file whatever else there was: columns that the use case lists and that give the answer
    away."""
    for notice in dataset.notices:
        if notice.kind == LEAK and notice.text.startswith("kept"):
            yield Fault("leakage", notice.text, notice.column)


def volume_faults(dataset: Dataset, champion: TrainingData, version: str) -> Iterator[Fault]:
    """Too few customers, rows that are there more often, an earlier day, another rate of leaving."""
    # What a package counts was fitted on: the held-out are beside them, and of very many only a part was.
    held = champion.holdout.share if champion.holdout else 0.0
    then = round(champion.rows / (1.0 - held))
    if len(dataset) < FEWER * then:
        yield Fault(
            "volume", f"{len(dataset):,} rows, {version} was made of about {then:,}: at least half were expected"
        )
    # Of a window each customer has a row a month, made by us and not by an export that repeats itself.
    if champion.profile is not None and not dataset.source.hashed_by:
        now, before = dataset.customer_count / len(dataset), champion.profile.independent
        if now < REPEATED * before:
            told = f"a customer has {1.0 / now:.1f} rows, {1.0 / before:.1f} in what {version} learnt from"
            yield Fault("volume", f"{told}: the same rows more than once?", dataset.usecase.id or None)
    until = until_of(dataset)
    if champion.until and until and until < champion.until:
        time = dataset.usecase.time
        told = f"the newest day is {until}, {version} learnt from customers until {champion.until}"
        yield Fault("volume", f"{told}: a later file was expected", time.snapshot if time else None)
    judged = champion.file.judged.rows if champion.file and champion.file.judged else ()
    if judged:
        before, rate = sum(each.left for each in judged) / len(judged), dataset.churn_rate
        if 0.0 < before < 1.0 and abs(_log_odds(rate) - _log_odds(before)) > math.log(ODDS):
            told = f"{rate:.0%} of the customers left, {before:.0%} of those that {version} was judged on"
            yield Fault("ranges", f"{told}: does the label mean the same?", dataset.usecase.label.column)


def leak_faults(dataset: Dataset, champion: KnownFile | None, version: str) -> Iterator[Fault]:
    """Columns that tell who left far better than they told the champion."""
    if champion is None or not champion.left:
        return
    now = known_file(dataset)
    left = float(dataset.churn_rate)
    then = champion.judged.rows if champion.judged else ()
    before_left = sum(each.left for each in then) / len(then) if then else left
    for name in (*now.numbers, *now.levels):
        apart, before = (_apart(file, name, rate) for file, rate in ((now, left), (champion, before_left)))
        if apart is None or before is None or apart < TOLD or apart - before < TOLD_MORE:
            continue
        told = (
            f"tells leavers from stayers by {apart:.2f} (Kolmogorov and Smirnov), {before:.2f} when {version} was made"
        )
        yield Fault("leakage", f"{told}: is it filled in after customers have left?", name)


def contest_faults(dataset: Dataset, champion: TrainingData, schema: Schema) -> Iterator[Fault]:
    """Why the gate would hold no contest on this file, before hours are spent on training."""
    try:
        require_same_question(champion.label, dataset.usecase.label)
    except NoContestError as problem:
        yield Fault("schema", str(problem), dataset.usecase.label.column)
        return
    rule: Holdout = holdout_of(dataset)
    learnt, held_out = (dataset.take(places) for places in split_by(dataset, rule, 0))
    try:
        require_fit(WholeFile.of(dataset, rule, learnt, held_out), champion, schema)
    except NoContestError as problem:
        yield Fault("contest", str(problem))


def _log_odds(rate: float) -> float:
    return math.log(rate / (1.0 - rate))


def _apart(file: KnownFile, name: str, left: float) -> float | None:
    """The largest distance between the distributions of leavers and of stayers, as far as a few numbers of all and of
    leavers tell; None where they do not."""
    if not 0.0 < left < 1.0:
        return None
    if name in file.numbers and file.numbers[name] and file.leavers.get(name):
        return _numbers_apart(file.numbers[name], file.leavers[name]) / (1.0 - left)
    if name in file.levels and name in file.leaving:
        return _levels_apart(file.levels[name], file.leaving[name]) / (1.0 - left)
    return None


def _numbers_apart(everybody: Sequence[float], leavers: Sequence[float]) -> float:
    """Between all and leavers: stayers are as much farther from leavers as there are fewer of them."""
    points = numpy.union1d(everybody, leavers)
    shares = [_share_up_to(points, quantiles) for quantiles in (everybody, leavers)]
    return float(numpy.abs(shares[0] - shares[1]).max())


def _share_up_to(points: numpy.ndarray, quantiles: Sequence[float]) -> numpy.ndarray:
    """Of a distribution of which some quantiles are known, at each point; of equal quantiles the highest counts."""
    values, first = numpy.unique(numpy.asarray(quantiles)[::-1], return_index=True)
    shares = numpy.asarray(QUANTILES)[::-1][first]
    found: numpy.ndarray = numpy.interp(points, values, shares, left=0.0, right=1.0)
    return found


def _levels_apart(everybody: Mapping[str, float], leavers: Mapping[str, float]) -> float:
    """Half of what the shares of levels differ by, those of no usual level taken as one."""
    names = [*everybody]
    shares = [[each.get(name, 0.0) for name in names] for each in (everybody, leavers)]
    rest = [1.0 - sum(each) for each in shares]
    pairs = zip([*shares[0], rest[0]], [*shares[1], rest[1]], strict=True)
    return sum(abs(one - other) for one, other in pairs) / 2.0
