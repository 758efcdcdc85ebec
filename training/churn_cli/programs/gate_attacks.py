"""Trainings that no gate should let pass: the same customers with what would have got round a careless one.

Real files, real trainings, a registry of its own for each, so that every attack is the second model that there is.
"""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy
import pandas
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from churn_data.labels import same_label
from churn_data.progress import Reporter
from churn_data.sources import read_customers
from churn_model.holdout import position
from churn_model.rules import Feature
from churn_model.usecase import UseCase
from churn_training.families.candidates import Candidate
from churn_training.packaging.home import Home
from churn_training.pipeline import train

FAMILY = Candidate("additive", "Additive model", "additive", {"C": 0.05, "knots": 4})
"""One quick family for all, so that what is attacked is the gate and not the search."""
LEARNS_BY_HEART = Candidate(
    "trees",
    "Gradient boosting",
    "trees",
    {"max_iter": 100, "learning_rate": 0.1, "max_leaf_nodes": 127, "min_samples_leaf": 1, "max_depth": 16},
)
"""One that knows again what it has learnt, where an attack is about that."""
TREES = Candidate(
    "trees",
    "Gradient boosting",
    "trees",
    {"max_iter": 80, "learning_rate": 0.1, "max_leaf_nodes": 8, "min_samples_leaf": 20, "max_depth": 6},
)
"""Another quick family, as good, that is right about others."""
PARTS = 2
WHOLLY = 0.9
"""Share of a column's cells above which numbers make a column of numbers."""
Table = pandas.DataFrame
Changed = tuple[Table, UseCase]


@dataclass(frozen=True)
class Attack:
    """What is done to a file and its use case, by a seed, and what then learns from it."""

    name: str
    changed: Callable[[Table, UseCase, int], Changed]
    family: Candidate = FAMILY


def _reversed(table: Table, usecase: UseCase, _: int) -> Changed:
    return table[table.columns[::-1]], msgspec.structs.replace(usecase, features=usecase.features[::-1])


def _shuffled(table: Table, usecase: UseCase, seed: int) -> Changed:
    labels = table[usecase.label.column].to_numpy()
    return table.assign(**{usecase.label.column: numpy.random.default_rng(seed).permutation(labels)}), usecase


def _dirty(table: Table, usecase: UseCase, seed: int) -> Changed:
    """One odd cell, by which a column of few numbers is one of categories."""
    numbers = [feature.name for feature in usecase.features if feature.type == "number"]
    column = min(numbers, key=lambda name: int(table[name].nunique()))
    dirty = table.copy()
    dirty.loc[seed % len(table), column] = "so-so"
    return dirty, _with(usecase, lambda each: _as_category(each) if each.name == column else each)


def _fewer(table: Table, usecase: UseCase, seed: int) -> Changed:
    """Half of the features, others with each seed; the file has them all."""
    chosen = set(
        numpy.random.default_rng(seed).permutation(len(usecase.features))[: len(usecase.features) // 2].tolist()
    )
    kept = {usecase.value.column if usecase.value else "", *usecase.groups, *usecase.segments.features}
    return table, _with(
        usecase, lambda each: each if each.name in kept or usecase.features.index(each) in chosen else None
    )


def _gone(table: Table, usecase: UseCase, seed: int) -> Changed:
    """A column that the champion needs is in the file no more."""
    kept = {usecase.value.column if usecase.value else "", *usecase.groups, *usecase.segments.features}
    free = [feature.name for feature in usecase.features if feature.name not in kept]
    gone = free[seed % len(free)]
    return table.drop(columns=gone), _with(usecase, lambda each: None if each.name == gone else each)


def _doubled(table: Table, usecase: UseCase, seed: int) -> Changed:
    """Those held out are there once more under ids that are not, with a number that differs a little."""
    likes = table[_held_out(table, usecase)].copy()
    likes[usecase.id] = _new_ids(usecase, len(likes))
    name = numpy.random.default_rng(seed).choice([each.name for each in usecase.features if each.type == "number"])
    likes[name] = [_nudged(value) for value in likes[name]]
    return pandas.concat([table, likes], ignore_index=True), usecase


def _cut(table: Table, usecase: UseCase, seed: int) -> Changed:
    """Customers who are held out are gone if a model of trees knows less of them than a line does."""
    return table[~_held_out(table, usecase) | _ahead(table, usecase, seed)], usecase


def _cut_all(table: Table, usecase: UseCase, seed: int) -> Changed:
    """All such customers are gone."""
    return table[_ahead(table, usecase, seed)], usecase


def _exchanged(table: Table, usecase: UseCase, seed: int) -> Changed:
    """Two columns of one kind under each other's name."""
    drawn = numpy.random.default_rng(seed)
    numbers = [each.name for each in usecase.features if each.type == ("number" if seed % 2 else "category")]
    one, other = drawn.choice(numbers, 2, replace=False)
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


def _ahead(table: Table, usecase: UseCase, seed: int) -> numpy.ndarray:
    """Of whom trees that learnt from those not held out know more than a line does."""
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
    return numpy.asarray(numpy.abs(left - trees) < numpy.abs(left - line))


def _same(table: Table, usecase: UseCase, _: int) -> Changed:
    return table, usecase


def _both(first: Callable[..., Changed], then: Callable[..., Changed]) -> Callable[[Table, UseCase, int], Changed]:
    return lambda table, usecase, seed: then(*first(table, usecase, seed), seed)


ATTACKS = (
    Attack("another seed", _same),
    Attack("reversed columns", _reversed),
    Attack("shuffled labels", _shuffled),
    Attack("reversed columns, shuffled labels", _both(_reversed, _shuffled)),
    Attack("a dirty cell", _dirty),
    Attack("a dirty cell, shuffled labels", _both(_dirty, _shuffled)),
    Attack("half of the features", _fewer),
    Attack("half of the features, shuffled labels", _both(_fewer, _shuffled)),
    Attack("a column gone", _gone),
    Attack("doubles of those held out", _doubled, LEARNS_BY_HEART),
    Attack("held out and gone where it is worse", _cut, TREES),
    Attack("gone where it is worse", _cut_all, TREES),
    Attack("two columns exchanged", _exchanged),
)


def attack(
    data: Path, usecase: UseCase, times: int, reporter: Reporter, attacks: Sequence[Attack] = ATTACKS
) -> dict[str, dict[str, object]]:
    """By attack how many trainings there were, how many were promoted and why the first was not.

    Args:
        data: labelled customers, CSV.
        usecase: with features.
        times: trainings of each attack, with as many seeds.
        reporter: told what goes on.
        attacks: which.
    """
    found: dict[str, dict[str, object]] = {}
    table = pandas.read_csv(data, dtype=str, keep_default_na=False)
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder) / "champion"
        train(read_customers(data, usecase), _home(base), candidates=[FAMILY], parts=PARTS)
        for each in attacks:
            outcomes = []
            for seed in range(times):
                reporter.now(f"attacking the gate: {each.name}")
                outcomes.append(_attacked(each, base, table, usecase, seed + 1))
                reporter.advance()
            promoted = sum(passed for passed, _ in outcomes)
            found[each.name] = {"trainings": times, "promoted": promoted, "reason": outcomes[0][1]}
    return found


def _attacked(each: Attack, base: Path, table: Table, usecase: UseCase, seed: int) -> tuple[bool, str]:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(base, Path(folder) / "home")
        changed, its = each.changed(table, usecase, seed)
        changed.to_csv(Path(folder) / "attack.csv", index=False)
        customers = read_customers(Path(folder) / "attack.csv", its)
        outcome = train(customers, _home(Path(folder) / "home"), seed=seed, candidates=[each.family], parts=PARTS)
        return outcome.promoted, outcome.decision.reason


def _home(folder: Path) -> Home:
    return Home.from_environment({"CHURN_HOME": str(folder)})


def _with(usecase: UseCase, change: Callable[[Feature], Feature | None]) -> UseCase:
    features = tuple(each for each in map(change, usecase.features) if each is not None)
    return msgspec.structs.replace(usecase, features=features)


def _as_category(feature: Feature) -> Feature:
    return msgspec.structs.replace(feature, type="category", minimum=None, maximum=None)
