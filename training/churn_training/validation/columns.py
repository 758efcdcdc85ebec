"""Each column of a file beside what the champion learnt from it: there, of the same kind, filled, within its range.

Counted in the bins of the champion's profile, as the drift watch counts, but a column is refused only where it changed
farther than customers do. It must not know files or what the whole of one is like.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy
import pandas
import pyarrow

from churn_data.cells import parse_number
from churn_data.csv_head import suggestion
from churn_data.dataset import Dataset, schema_of
from churn_data.errors import glimpse
from churn_data.inference import LEAK
from churn_data.profiles import category_bins, number_bins
from churn_model.schema import Schema, SchemaFeature
from churn_model.training_profile import ColumnProfile, TrainingProfile
from churn_training.validation.faults import Check, Fault

EMPTIER = 0.25
"""By how much the share of missing cells may grow: a source that is gone leaves most of a column empty, customers who
say less do not."""
STRANGE = 0.25
"""By how much the share of levels that training never saw may grow: a new tariff is taken by some, a new spelling by
all."""
BEYOND = 0.5
"""By how much the share of numbers outside of all but the outermost that were learnt from may grow: a new price list
moves some customers there, another unit or another column nearly all."""
USUAL = 0.05
"""Share of customers from which a level is missed when nobody has it any more."""
GONE = 1e-6
"""Probability of that by chance."""


def column_faults(dataset: Dataset, champion: Schema, profile: TrainingProfile | None, version: str) -> list[Fault]:
    """Faults of columns that the champion takes; a package of before has no profile, and columns are only named then.

    Args:
        dataset: as it would be trained on.
        champion: the champion's schema.
        profile: of the customers that it was made of.
        version: what it is called, for sentences.
    """
    now = {feature.name: feature for feature in schema_of(dataset).features}
    found: list[Fault] = []
    for feature in champion.features:
        present = now.get(feature.name)
        fault = (
            _absent(dataset, feature, version) if present is None else _other_kind(dataset, present, feature, version)
        )
        if fault is not None:
            found.append(fault)
        elif profile is not None and feature.name in profile.features:
            found += _contents(dataset, feature, profile.features[feature.name], version)
    return found


def _absent(dataset: Dataset, feature: SchemaFeature, version: str) -> Fault:
    notice = next((each for each in dataset.notices if each.column == feature.name), None)
    if notice is not None:
        check: Check = "leakage" if notice.kind == LEAK else "schema"
        return Fault(check, f"{version} learnt from it, now it is {notice.text}", feature.name)
    hint = suggestion(feature.name, tuple(dataset.frame.columns))
    return Fault("schema", f"no such column in the header, {version} learnt from it{hint}", feature.name, 1)


def _other_kind(dataset: Dataset, now: SchemaFeature, then: SchemaFeature, version: str) -> Fault | None:
    kinds = [_kind(each) for each in (now, then)]
    if kinds[0] == kinds[1]:
        return None
    row, example = None, ""
    if kinds == ["words", "numbers"]:
        place = _first(dataset.frame[now.name].map(_is_no_number).to_numpy(dtype=bool))
        row = None if place is None else dataset.row_number(place)
        example = "" if place is None else f' such as "{glimpse(str(dataset.frame[now.name].iloc[place]))}"'
    return Fault("schema", f"holds {kinds[0]}{example}, {version} learnt from {kinds[1]}", now.name, row)


def _kind(feature: SchemaFeature) -> str:
    return "dates" if feature.date is not None else "words" if feature.type == "category" else "numbers"


def _is_no_number(cell: Any) -> bool:
    if not isinstance(cell, str):
        return False
    try:
        parse_number(cell)
    except ValueError:
        return True
    return False


def _contents(dataset: Dataset, feature: SchemaFeature, profile: ColumnProfile, version: str) -> Iterator[Fault]:
    column = dataset.frame[feature.name]
    bins = _bins(column, feature, profile)
    counts = numpy.bincount(bins, minlength=len(profile.counts))
    shares = _Shares(counts / max(len(bins), 1), _shares(profile), len(bins))
    for place, problem in (_level_rules if profile.category else _number_rules)(feature, profile, shares):
        first = None if place is None else _first(bins == place)
        row = None if first is None else dataset.row_number(first)
        yield Fault("ranges", _told(problem, column, first, version), feature.name, row)


def _bins(column: "pandas.Series[Any]", feature: SchemaFeature, profile: ColumnProfile) -> numpy.ndarray:
    if not profile.category:
        return number_bins(profile, column.to_numpy(dtype=float))
    texts = pyarrow.array(column, pyarrow.string(), from_pandas=True)
    return category_bins(profile, texts, feature.categories)


def _shares(profile: ColumnProfile) -> numpy.ndarray:
    """Of all that were counted, those whom the model was fitted on too."""
    counts = numpy.asarray(profile.counts, dtype=float)
    if profile.fitted:
        counts = counts + numpy.asarray(profile.fitted)
    return counts / max(float(counts.sum()), 1.0)


@dataclass(frozen=True)
class _Shares:
    """Of each bin `now`, of so many `rows`, and `then`."""

    now: numpy.ndarray
    then: numpy.ndarray
    rows: int

    def grew(self, place: int) -> float:
        """By how much the share of a bin did."""
        return float(self.now[place] - self.then[place])


Rule = tuple[int | None, str]
"""A bin whose first row shows what is wrong (None: none does), and the problem; `{}` is the version, `<>` the cell."""


def _number_rules(feature: SchemaFeature, profile: ColumnProfile, shares: _Shares) -> Iterator[Rule]:
    del feature
    missing = len(profile.cuts) + 1
    yield from _emptier(missing, shares)
    if not profile.cuts:
        return
    now, then = (each / max(1.0 - float(each[missing]), 1e-9) for each in (shares.now, shares.then))
    for place, words in ((0, f"below {profile.cuts[0]:g}"), (missing - 1, f"{profile.cuts[-1]:g} or more")):
        if now[place] - then[place] > BEYOND:
            told = f"{now[place]:.0%} of the numbers are {words}, of those that {{}} learnt from {then[place]:.0%} were"
            yield place, f"{told}: another unit, or another column?"


def _level_rules(feature: SchemaFeature, profile: ColumnProfile, shares: _Shares) -> Iterator[Rule]:
    missing, unseen = len(profile.levels) + 1, len(profile.levels) + 2
    yield from _emptier(missing, shares)
    if shares.grew(unseen) > STRANGE:
        usual = ", ".join(f'"{glimpse(level)}"' for level in (profile.levels or feature.categories)[:3])
        told = f"{shares.now[unseen]:.0%} have a level that {{}} has never seen, such as <>"
        yield unseen, f"{told}; expected was something like {usual}"
    if shares.grew(unseen) > STRANGE or shares.grew(missing) > EMPTIER:
        return  # whoever had a level is spelt otherwise, or not known, now
    for place, level in enumerate(profile.levels):
        then = float(shares.then[place])
        if not shares.now[place] and then >= USUAL and (1.0 - then) ** shares.rows < GONE:
            yield (
                None,
                f'nobody has "{glimpse(level)}", of those that {{}} learnt from {then:.0%} had: a part of a file?',
            )


def _emptier(place: int, shares: _Shares) -> Iterator[Rule]:
    if shares.grew(place) > EMPTIER:
        told = f"{shares.now[place]:.0%} of the cells are missing"
        yield place, f"{told}, of those that {{}} learnt from {shares.then[place]:.0%} were"


def _told(problem: str, column: "pandas.Series[Any]", first: int | None, version: str) -> str:
    cell = "" if first is None else f'"{glimpse(str(column.iloc[first]))}"'
    return problem.replace("{}", version).replace("<>", cell)


def _first(rows: numpy.ndarray) -> int | None:
    places = numpy.flatnonzero(rows)
    return int(places[0]) if len(places) else None
