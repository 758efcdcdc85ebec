"""Contests with a champion of real customers, and models that are too slow, useless, or of other columns."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy
import pandas

from churn_data.dataset import Dataset
from churn_data.sources import read_customers
from churn_model.holdout import Holdout
from churn_model.package import Package
from churn_model.schema import Row
from churn_model.scorer import Scorer, Scores
from churn_model.usecase import Label
from churn_training.comparison.champion_contest import Challenger, ChampionDecision, CurrentChampion, contest
from churn_training.comparison.splits import keys_of, own_positions

NAME = "churn-telecom"
NOBODY = CurrentChampion(None, None, "there was no champion")


def against(
    champion: CurrentChampion, scorer: Scorer, held_out: Dataset, *, base_rate: float = 0.265, number: int = 1
) -> ChampionDecision:
    """The contest of a model that was fitted on everybody else."""
    rule = Holdout(f"holdout of {NAME}", 1 / 6, held_out.usecase.id)
    return contest(champion, Challenger(scorer, held_out, rule, base_rate), number, seed=0)


def strangers(held_out: Dataset, share: float = 1 / 6) -> int:
    """How many held-out customers are so by their own ids, not as doubles of others; doubles count once."""
    return len(numpy.unique(held_out.groups[own_positions(keys_of(held_out), f"holdout of {NAME}") < share]))


class Constant(Scorer):
    """Answers the same to everybody, but for a little noise."""

    def __init__(self, scorer: Scorer, rate: float) -> None:
        self._scorer, self._rate = scorer, rate

    def score(self, rows: Sequence[Row]) -> Scores:
        noise = numpy.random.default_rng(len(rows)).normal(0.0, 0.01, len(rows))
        return Scores((self._rate + noise).tolist(), self._scorer.score(rows).segments)


class Opposite(Scorer):
    """Tells who stays."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer

    def score(self, rows: Sequence[Row]) -> Scores:
        scores = self._scorer.score(rows)
        return Scores([1.0 - probability for probability in scores.probabilities], scores.segments)


class Spoilt(Scorer):
    """Answers as the model does, but tells nothing of those for whom one feature is 1."""

    def __init__(self, scorer: Scorer, place: int) -> None:
        self._scorer, self._place = scorer, place

    def score(self, rows: Sequence[Row]) -> Scores:
        scores = self._scorer.score(rows)
        told = [
            0.9 if row[self._place] == 1.0 else probability
            for row, probability in zip(rows, scores.probabilities, strict=True)
        ]
        return Scores(told, scores.segments)


class Slow(Scorer):
    """Answers as the model does, after thinking about each call and each of its rows."""

    def __init__(self, scorer: Scorer, *, call: float = 0.0, row: float = 0.0) -> None:
        self._scorer, self._call, self._row = scorer, call, row

    def score(self, rows: Sequence[Row]) -> Scores:
        begun, seconds = time.process_time(), self._call + self._row * len(rows)
        while time.process_time() - begun < seconds:
            pass
        return self._scorer.score(rows)


class Other(Scorer):
    """A model of another schema: knows who leaves a little, by itself."""

    def __init__(self, customers: Dataset) -> None:
        self._place = customers.frame.columns.tolist().index("tenure")

    def score(self, rows: Sequence[Row]) -> Scores:
        new = [isinstance(months := row[self._place], float) and months < 12 for row in rows]
        return Scores([0.45 if each else 0.2 for each in new], [1] * len(rows))


class Shuffled(Scorer):
    """Reads rows of another order of columns, half of them in the wrong place."""

    def __init__(self, scorer: Scorer, own: list[str], given: list[str]) -> None:
        self._scorer = scorer
        self._places = [given.index(name) for name in own]
        swapped = {"Contract": "PaymentMethod", "PaymentMethod": "Contract"}
        self._places = [given.index(swapped.get(name, name)) for name in own]

    def score(self, rows: Sequence[Row]) -> Scores:
        return self._scorer.score([[row[place] for place in self._places] for row in rows])


def with_holdout(package: Package, rule: Holdout | None) -> Package:
    """The same model, fitted on everybody but others."""
    data = msgspec.structs.replace(package.manifest.training_data, holdout=rule)
    return replace(package, manifest=msgspec.structs.replace(package.manifest, training_data=data))


def with_label(package: Package, label: Label) -> Package:
    """The same model, taught that this means having left."""
    data = msgspec.structs.replace(package.manifest.training_data, label=label)
    return replace(package, manifest=msgspec.structs.replace(package.manifest, training_data=data))


def read_again(
    held_out: Dataset,
    folder: Path,
    *,
    columns: Callable[[pandas.DataFrame], pandas.DataFrame],
    category: str = "",
    without: str = "",
) -> Dataset:
    """The held-out customers from a file of their own whose columns were changed, by a use case that fits it."""
    assert held_out.origin is not None
    table = pandas.read_csv(held_out.origin.path, dtype=str, keep_default_na=False)
    changed = columns(table.iloc[held_out.origin.places].reset_index(drop=True))
    changed.to_csv(folder / "again.csv", index=False)
    known = {feature.name: feature for feature in held_out.usecase.features}
    features = tuple(
        msgspec.structs.replace(known[name], type="category", minimum=None, maximum=None)
        if name == category
        else known[name]
        for name in changed.columns
        if name in known
    )
    segments = tuple(name for name in held_out.usecase.segments.features if name != without)
    usecase = msgspec.structs.replace(
        held_out.usecase,
        segments=msgspec.structs.replace(held_out.usecase.segments, features=segments),
        features=features,
    )
    return read_customers(folder / "again.csv", usecase)


def with_seniors_as_words(dataset: Dataset) -> Dataset:
    features = tuple(
        msgspec.structs.replace(feature, type="category", minimum=None, maximum=None)
        if feature.name == "SeniorCitizen"
        else feature
        for feature in dataset.usecase.features
    )
    frame = dataset.frame.assign(SeniorCitizen=dataset.frame["SeniorCitizen"].map(str))
    return replace(dataset, frame=frame, usecase=msgspec.structs.replace(dataset.usecase, features=features))
