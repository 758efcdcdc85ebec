"""Whether a file is fit to hold two models against each other on: it is whole, its columns are where they were, and
nobody who is held out was learnt from under another id.

Whoever makes a file can make a contest come out as wanted: leave customers out on whom the new model is worse, add
doubles of those whom it will be judged on, exchange what the champion reads. What can be seen of that is refused, by
what the champion's package remembers of its file and by what chance alone leaves. It must not know models.
"""

from dataclasses import dataclass

import msgspec
import numpy
from scipy.stats import binom

from churn_data.dataset import Dataset, schema_of
from churn_model.holdout import Holdout
from churn_model.manifest import KnownFile, TrainingData
from churn_model.schema import Schema
from churn_training.comparison.common_ground import NoContestError, asked_rows
from churn_training.comparison.known_file import Shared, exchanged, known_file, same_columns, shared
from churn_training.comparison.likeness import doubled_by_chance, likeness_of, nearer_by_chance
from churn_training.comparison.missing_customers import judged_by, missing_by_chance, row_hashes
from churn_training.comparison.splits import keys_of, own_positions, under_other_names

BY_CHANCE = 1e-4
"""Probability below which a file was not made by chance alone: of ten thousand honest ones a single one is refused."""
SAME = 0.5
"""Share of a file's rows that the champion's file had too, above which it is of the same customers at the same time."""
WHOLE = 0.9
"""Share of the rows of the champion's file that such a file has to hold."""
FEW = 0.1
"""Share of a file's rows that the champion's file did not have up to which these are few."""
NEWER = 0.9
"""Share of a file's rows that the champion's file had too, up to which it may be called newer."""


@dataclass(frozen=True)
class WholeFile:
    """The file that a challenger was made of: what is to be known of it, the ``keys`` by which its customers are known,
    by which ``rule`` some were held out, the probability that chance alone makes those as much like customers who were
    ``learnt`` from as they are (1: not asked), and these; ``everybody`` in it."""

    known: KnownFile
    keys: numpy.ndarray
    rule: Holdout
    doubled: float
    learnt: Dataset
    everybody: Dataset

    @classmethod
    def of(cls, dataset: Dataset, rule: Holdout, learnt: Dataset, held_out: Dataset) -> "WholeFile":
        """Of all customers of a file, and the two parts of it."""
        known = msgspec.structs.replace(known_file(dataset), likeness=likeness_of(learnt))
        return cls(known, keys_of(dataset), rule, doubled_by_chance(learnt, held_out), learnt, dataset)

    def judged_by(self, schema: Schema, held_out: Dataset, probabilities: numpy.ndarray) -> KnownFile:
        """What is to be known of it, and of a finished model's answers to those held out."""
        return msgspec.structs.replace(self.known, judged=judged_by(schema, held_out, self.rule, probabilities))


def require_fit(file: WholeFile, champion: TrainingData, schema: Schema | None = None) -> None:
    """Refuse a file that was not made by chance, as far as anybody can tell.

    Args:
        file: all of it.
        champion: what the champion learned from.
        schema: by which the champion reads customers (None: not asked who of those it was judged on is missing).

    Raises:
        NoContestError: why.
    """
    if file.doubled < BY_CHANCE:
        raise NoContestError(
            "customers who are held out are more like customers who were learnt from than chance makes them: some seem "
            "to be there twice, under other ids"
        )
    _require_all_held_out(file, champion.holdout)
    if champion.file is None:
        return
    _require_no_more_alike(file, champion.file)
    moved = exchanged(champion.file, file.known)
    if moved:
        names = ", ".join(f'"{name}"' for name in moved)
        raise NoContestError(f"columns look exchanged, each as another of them did for the champion: {names}")
    both = shared(champion.file, file.known)
    if both is not None and both.new >= SAME and both.old < WHOLE:
        raise NoContestError(_in_part(both))
    if schema is not None:
        _require_missing_by_chance(file, champion, schema)


def _in_part(both: Shared) -> str:
    """What to say of a file that lacks rows of the champion's, which may be gone or have changed."""
    others = 1.0 - both.new
    if others <= FEW:
        return (
            f"the file holds about {both.old:.0%} of the rows of the champion's file and few others: on a part of them "
            "models are not compared"
        )
    return (
        f"the file holds about {both.old:.0%} of the rows of the champion's file as they were, and about {others:.0%} "
        "of its own rows are of others or have changed: on a part of the same customers models are not compared; a "
        f"file of later ones, of which less than {SAME:.0%} are as they were, makes a contest"
    )


def is_newer(file: WholeFile | None, champion: TrainingData, sha256: str, until: str) -> bool:
    """Whether a file is of newer customers than the champion's: it is another, its newest day, where it has days, is
    later, and where both know their rows most of them are not the same.

    Args:
        file: all of it (None: nothing is known of its rows).
        champion: what the champion learned from.
        sha256: of the file's bytes.
        until: its newest day, empty if it has none.
    """
    if champion.sha256 == sha256 or (champion.until and until <= champion.until):
        return False
    if file is None or champion.file is None:
        return True
    both = shared(champion.file, file.known)
    return both is not None and both.new <= NEWER


def _require_no_more_alike(file: WholeFile, champions: KnownFile) -> None:
    """Customers are all there twice where they are more like each other than those of the champion's file were."""
    before = champions.likeness
    if before is None or not same_columns(champions, file.known):
        return
    now = likeness_of(file.learnt, before.among)
    if now is not None and nearer_by_chance(before, now) < BY_CHANCE:
        raise NoContestError(
            "customers are more like one another than those of the champion's file were, and leave as the most like "
            "one does: they seem to be there twice, under other ids"
        )


def _require_missing_by_chance(file: WholeFile, champion: TrainingData, schema: Schema) -> None:
    """Of those whom the champion was judged on nobody is left out on purpose."""
    judged, its = champion.file.judged if champion.file else None, champion.holdout
    if judged is None or its is None or under_other_names(its.by, file.rule.by):
        return
    everybody = file.everybody
    if its.by == file.rule.by:
        everybody = everybody.take(numpy.flatnonzero(own_positions(file.keys, its.salt) <= judged.below))
    asked = asked_rows(everybody, schema)
    if asked.keys is None and schema.names != schema_of(everybody).names:
        return  # without ids a customer is known by the values of all columns
    keys = keys_of(everybody) if asked.keys is None else asked.keys
    low = numpy.flatnonzero(own_positions(keys, its.salt) <= judged.below).tolist()
    chance, missing = missing_by_chance(judged.rows, row_hashes(asked.rows[place] for place in low))
    if chance < BY_CHANCE:
        raise NoContestError(
            f"{missing} of {len(judged.rows)} customers whom the champion was judged on are missing, and not by "
            "chance, as its answers to them tell: a contest needs all customers of a file, or a file of a later month"
        )


def _require_all_held_out(file: WholeFile, champions: Holdout | None) -> None:
    customers = numpy.unique(file.keys)
    for rule in {file.rule, champions}:
        if rule is None or rule.by != file.rule.by:
            continue
        found = int((own_positions(customers, rule.salt) < rule.share).sum())
        if binom.cdf(found, len(customers), rule.share) < BY_CHANCE:
            raise NoContestError(
                f"the file has {found} customers who are held out from learning, of {len(customers)} about "
                f"{rule.share * len(customers):.0f} would be: some are missing"
            )
