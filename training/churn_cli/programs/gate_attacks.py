"""Trainings that no gate should let pass: the same customers with what would have got round a careless one.

Real files, real trainings, a registry of its own for each, so that every attack is the second model that there is.
"""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas

from churn_cli.programs import attack_files as files
from churn_cli.programs.attack_files import PARTS, Changed, Table
from churn_data.progress import Reporter
from churn_data.sources import read_customers
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


@dataclass(frozen=True)
class Attack:
    """What is done to a file and its use case, by a seed, and what then learns from it."""

    name: str
    changed: Callable[[Table, UseCase, int], Changed]
    family: Candidate = FAMILY


def _same(table: Table, usecase: UseCase, _: int) -> Changed:
    return table, usecase


def _both(first: Callable[..., Changed], then: Callable[..., Changed]) -> Callable[[Table, UseCase, int], Changed]:
    return lambda table, usecase, seed: then(*first(table, usecase, seed), seed)


ATTACKS = (
    Attack("another seed", _same),
    Attack("reversed columns", files.reversed_columns),
    Attack("shuffled labels", files.shuffled_labels),
    Attack("reversed columns, shuffled labels", _both(files.reversed_columns, files.shuffled_labels)),
    Attack("a dirty cell", files.a_dirty_cell),
    Attack("a dirty cell, shuffled labels", _both(files.a_dirty_cell, files.shuffled_labels)),
    Attack("half of the features", files.half_of_the_features),
    Attack("half of the features, shuffled labels", _both(files.half_of_the_features, files.shuffled_labels)),
    Attack("a column gone", files.a_column_gone),
    Attack("doubles of those held out", files.doubles_of_held_out, LEARNS_BY_HEART),
    Attack("held out and gone where it is worse", files.held_out_cut, TREES),
    Attack("gone where it is worse", files.all_cut, TREES),
    Attack("two columns exchanged", files.columns_exchanged),
    Attack("everybody twice", files.everybody_again(1), LEARNS_BY_HEART),
    Attack("everybody three times", files.everybody_again(2), LEARNS_BY_HEART),
    Attack("a twentieth gone where it is worse", files.few_cut(0.05), TREES),
    Attack("two columns exchanged that look alike", files.alike_exchanged),
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
