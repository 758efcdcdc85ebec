"""Files and use cases that were made to get a worse model past the gate, of honest ones and a seed.

Each function takes a table of texts, a use case and a seed, and returns both as somebody would change them. It must not
know how a training goes.
"""

import itertools
from collections.abc import Callable

import msgspec
import numpy
import pandas
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from churn_data.labels import same_label
from churn_model.holdout import position
from churn_model.rules import Feature
from churn_model.usecase import UseCase

PARTS = 2
WHOLLY = 0.9
"""Share of a column's cells above which numbers make a column of numbers."""
Table = pandas.DataFrame
Changed = tuple[Table, UseCase]


def reversed_columns(table: Table, usecase: UseCase, _: int) -> Changed:
    """Columns and features from the last to the first."""
    return table[table.columns[::-1]], msgspec.structs.replace(usecase, features=usecase.features[::-1])


def shuffled_labels(table: Table, usecase: UseCase, seed: int) -> Changed:
    """Who left is somebody else, as many as before."""
    labels = table[usecase.label.column].to_numpy()
    return table.assign(**{usecase.label.column: numpy.random.default_rng(seed).permutation(labels)}), usecase


def a_dirty_cell(table: Table, usecase: UseCase, seed: int) -> Changed:
    """One odd cell, by which a column of few numbers is one of categories."""
    numbers = [feature.name for feature in usecase.features if feature.type == "number"]
    column = min(numbers, key=lambda name: int(table[name].nunique()))
    dirty = table.copy()
    dirty.loc[seed % len(table), column] = "so-so"
    return dirty, _with(usecase, lambda each: _as_category(each) if each.name == column else each)


def half_of_the_features(table: Table, usecase: UseCase, seed: int) -> Changed:
    """Half of the features, others with each seed; the file has them all."""
    chosen = set(
        numpy.random.default_rng(seed).permutation(len(usecase.features))[: len(usecase.features) // 2].tolist()
    )
    kept = {usecase.value.column if usecase.value else "", *usecase.groups, *usecase.segments.features}
    return table, _with(
        usecase, lambda each: each if each.name in kept or usecase.features.index(each) in chosen else None
    )


def a_column_gone(table: Table, usecase: UseCase, seed: int) -> Changed:
    """A column that the champion needs is in the file no more."""
    kept = {usecase.value.column if usecase.value else "", *usecase.groups, *usecase.segments.features}
    free = [feature.name for feature in usecase.features if feature.name not in kept]
    gone = free[seed % len(free)]
    return table.drop(columns=gone), _with(usecase, lambda each: None if each.name == gone else each)


def doubles_of_held_out(table: Table, usecase: UseCase, seed: int) -> Changed:
    """Those held out are there once more under ids that are not, with a number that differs a little."""
    likes = table[_held_out(table, usecase)].copy()
    likes[usecase.id] = _new_ids(usecase, len(likes))
    return pandas.concat([table, _nudged_somewhere(likes, usecase, seed)], ignore_index=True), usecase


def everybody_again(times: int) -> Callable[[Table, UseCase, int], Changed]:
    """Everybody is there so many times more, under ids by chance and with a number that differs a little: held out or
    not, each has doubles."""

    def changed(table: Table, usecase: UseCase, seed: int) -> Changed:
        parts = [table]
        for again in range(times):
            likes = table.assign(**{usecase.id: [f"new-{again}-{number}" for number in range(len(table))]})
            parts.append(_nudged_somewhere(likes, usecase, seed + again))
        return pandas.concat(parts, ignore_index=True), usecase

    return changed


def _nudged_somewhere(likes: Table, usecase: UseCase, seed: int) -> Table:
    name = numpy.random.default_rng(seed).choice([each.name for each in usecase.features if each.type == "number"])
    return likes.assign(**{name: [_nudged(value) for value in likes[name]]})


def held_out_cut(table: Table, usecase: UseCase, seed: int) -> Changed:
    """Customers who are held out are gone if a model of trees knows less of them than a line does."""
    return table[~_held_out(table, usecase) | (_behind(table, usecase, seed) < 0.0)], usecase


def all_cut(table: Table, usecase: UseCase, seed: int) -> Changed:
    """All such customers are gone."""
    return table[_behind(table, usecase, seed) < 0.0], usecase


def few_cut(share: float) -> Callable[[Table, UseCase, int], Changed]:
    """Only so many are gone, those on whom the model of trees is worse by most."""

    def changed(table: Table, usecase: UseCase, seed: int) -> Changed:
        behind = _behind(table, usecase, seed)
        return table[behind < numpy.quantile(behind, 1.0 - share)], usecase

    return changed


def columns_exchanged(table: Table, usecase: UseCase, seed: int) -> Changed:
    """Two columns of one kind under each other's name."""
    drawn = numpy.random.default_rng(seed)
    numbers = [each.name for each in usecase.features if each.type == ("number" if seed % 2 else "category")]
    one, other = drawn.choice(numbers, 2, replace=False)
    return table.rename(columns={one: other, other: one}), usecase


def alike_exchanged(table: Table, usecase: UseCase, seed: int) -> Changed:
    """The same with columns whose levels are about as usual: of those pairs the one that the seed says."""
    names = [each.name for each in usecase.features if each.type == "category"]
    shares = {name: table[name].value_counts(normalize=True) for name in names}
    apart = {
        (one, other): float(shares[one].sub(shares[other], fill_value=0.0).abs().sum()) / 2.0
        for one, other in itertools.combinations(names, 2)
    }
    one, other = sorted(apart, key=lambda pair: apart[pair])[(seed - 1) % len(apart)]
    return table.rename(columns={one: other, other: one}), usecase


def _held_out(table: Table, usecase: UseCase) -> numpy.ndarray:
    """Who is, by the salt that every use case has unless it names another."""
    salt = usecase.holdout.salt or f"holdout of {usecase.model_name}"
    return numpy.array([position(salt, customer) < 1.0 / (2 * PARTS) for customer in table[usecase.id]])


def _new_ids(usecase: UseCase, count: int) -> list[str]:
    """Ids of nobody who is held out."""
    salt = usecase.holdout.salt or f"holdout of {usecase.model_name}"
    fresh = (f"new-{number}" for number in range(20 * count))
    return [customer for customer in fresh if position(salt, customer) >= 1.0 / PARTS][:count]


def _nudged(value: str) -> str:
    try:
        return f"{float(value) * 1.01:.2f}"
    except ValueError:
        return value


def _behind(table: Table, usecase: UseCase, seed: int) -> numpy.ndarray:
    """By how much trees that learnt from those not held out know less of each customer than a line does."""
    columns = [table[each.name] for each in usecase.features]
    coded = [pandas.to_numeric(column, errors="coerce") for column in columns]
    known = pandas.concat(
        [
            number.fillna(0.0).rank(pct=True) if number.notna().mean() > WHOLLY else pandas.get_dummies(column)
            for number, column in zip(coded, columns, strict=True)
        ],
        axis=1,
    ).to_numpy(dtype=float)
    labels, leavers = table[usecase.label.column], usecase.label.leavers
    left = numpy.array([any(same_label(cell, each) for each in leavers) for cell in labels], dtype=int)
    learnt = ~_held_out(table, usecase)
    trees_like = HistGradientBoostingClassifier(max_iter=80, max_leaf_nodes=8, max_depth=6, random_state=seed)
    models = trees_like, LogisticRegression(max_iter=2000)
    trees, line = (model.fit(known[learnt], left[learnt]).predict_proba(known)[:, 1] for model in models)
    return numpy.asarray(numpy.abs(left - trees) - numpy.abs(left - line))


def _with(usecase: UseCase, change: Callable[[Feature], Feature | None]) -> UseCase:
    features = tuple(each for each in map(change, usecase.features) if each is not None)
    return msgspec.structs.replace(usecase, features=features)


def _as_category(feature: Feature) -> Feature:
    return msgspec.structs.replace(feature, type="category", minimum=None, maximum=None)
