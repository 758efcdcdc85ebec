"""Whether customers whom a champion was judged on are missing from a later file by chance.

Whoever leaves out a few on whom the new model is worse decides a contest. They cannot be asked any more, but the
champion's package remembers of each what it answered and whether they left: those who are missing by chance are as the
others are. It must not know the new model.
"""

import hashlib
from collections.abc import Iterable, Sequence

import msgspec
import numpy
from scipy.stats import ks_2samp

from churn_data.dataset import Dataset, rows_of
from churn_model.holdout import Holdout
from churn_model.manifest import Judged, JudgedRow
from churn_model.schema import Row, Schema
from churn_training.comparison.splits import keys_of, own_positions

REMEMBERED = 1_000
"""Rows of customers held out that are remembered."""
SAME_TIME = 0.5
"""Share of them that a file has to hold as they were, to the last value, for it to be of the same time: months later
nobody is as they were, and whoever has left may be missing."""
CHANGED = 0.5
"""Share of those who are not as they were whom customers with other values may stand for: with more, they are changed
rather than missing."""


def judged_by(schema: Schema, held_out: Dataset, rule: Holdout, probabilities: numpy.ndarray) -> Judged:
    """What a package remembers of customers held out: those who stand lowest, so that every later file by the same rule
    holds them out, too. Rows that occur more than once are nobody's.

    Args:
        schema: of the model.
        held_out: customers whom it was not fitted on.
        rule: by which they were held out.
        probabilities: its answers to them.
    """
    positions = own_positions(keys_of(held_out), rule.salt)
    places = numpy.argsort(positions, kind="stable")[:REMEMBERED]
    places = places[positions[places] < rule.share]
    hashes = row_hashes(rows_of(held_out.take(places).frame[list(schema.names)]))
    names, counts = numpy.unique(hashes, return_counts=True)
    once = set(names[counts == 1].tolist())
    rows = [
        JudgedRow(name, float(f"{probabilities[place]:.2g}"), bool(held_out.churned[place]))
        for name, place in zip(hashes, places.tolist(), strict=True)
        if name in once
    ]
    return Judged(float(positions[places].max(initial=0.0)), tuple(sorted(rows, key=lambda each: each.row)))


def row_hashes(rows: Iterable[Row]) -> list[str]:
    """Of each row's values, in their order: 16 hexadecimal digits."""
    return [hashlib.blake2b(msgspec.json.encode(row), digest_size=8).hexdigest() for row in rows]


def missing_by_chance(judged: Sequence[JudgedRow], present: Iterable[str]) -> tuple[float, int]:
    """The probability that the champion's answers to those who are missing differ by chance as much as they do from its
    answers to those who are there, and how many are missing.

    Those who left and those who stayed are compared apart (Kolmogorov and Smirnov, two-sided; the smaller of the two
    probabilities, doubled), for leavers may be gone from a file as a whole. 1 where the file is not of the same time,
    where nobody is missing, or where they may as well have changed.

    Args:
        judged: what the champion's package remembers.
        present: hashes of the later file's rows, by the champion's columns, of customers who stand as low.
    """
    now = set(present)
    there = numpy.array([each.row in now for each in judged], dtype=bool)
    missing, others = int((~there).sum()), len(now) - int(there.sum())
    if not missing or there.mean() < SAME_TIME or others > CHANGED * missing:
        return 1.0, missing
    answers, left = (numpy.array([getattr(each, name) for each in judged]) for name in ("answer", "left"))
    chances = [1.0]
    for those in (left, ~left):
        gone, stayed = answers[those & ~there], answers[those & there]
        if len(gone) and len(stayed):
            chances.append(2.0 * float(ks_2samp(gone, stayed).pvalue))
    return min(chances), missing
