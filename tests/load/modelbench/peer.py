"""One peer on one split, as a program in the peer's own environment, which has nothing of this project.

`python peer.py PEER SEED SECONDS LEARNT JUDGED ID LABEL POSITIVE ANSWERS` writes a JSON list of probabilities, one a
row of JUDGED, to ANSWERS.
"""

import json
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import pandas


def main(arguments: list[str]) -> None:
    """Read, learn, answer."""
    warnings.filterwarnings("ignore")
    peer, seed, seconds, learnt, judged, id_column, label, positive, answers = arguments
    train, held = pandas.read_csv(learnt), pandas.read_csv(judged)
    churned = (train[label].astype(str) == positive).astype(int)
    drop = [column for column in (id_column, label) if column in train]
    train, held = train.drop(columns=drop), held.drop(columns=drop)
    found = PEERS[peer](train, churned, held, int(seed), float(seconds))
    Path(answers).write_text(json.dumps([float(value) for value in found]))


def texts_of(frame: pandas.DataFrame) -> list[str]:
    """Columns that are no numbers."""
    return [str(name) for name in frame if not pandas.api.types.is_numeric_dtype(frame[name])]


def catboost(train: pandas.DataFrame, churned: Any, held: pandas.DataFrame, seed: int, _seconds: float) -> Any:
    """CatBoost as it comes."""
    from catboost import CatBoostClassifier

    texts = texts_of(train)
    for name in texts:
        train[name], held[name] = train[name].fillna("missing").astype(str), held[name].fillna("missing").astype(str)
    model = CatBoostClassifier(
        cat_features=texts, verbose=0, random_seed=seed, thread_count=2, allow_writing_files=False
    )
    return model.fit(train, churned).predict_proba(held)[:, 1]


def flaml(train: pandas.DataFrame, churned: Any, held: pandas.DataFrame, seed: int, seconds: float) -> Any:
    """FLAML for log loss."""
    from flaml import AutoML

    for name in texts_of(train):
        train[name] = train[name].astype("category")
        held[name] = pandas.Categorical(held[name], categories=train[name].cat.categories)
    model = AutoML()
    model.fit(
        train, churned, task="classification", metric="log_loss", time_budget=seconds, n_jobs=2, seed=seed, verbose=0
    )
    return model.predict_proba(held)[:, 1]


def autogluon(train: pandas.DataFrame, churned: Any, held: pandas.DataFrame, _seed: int, seconds: float) -> Any:
    """AutoGluon's models of good quality for log loss, without neural networks."""
    from autogluon.tabular import TabularPredictor

    with tempfile.TemporaryDirectory() as folder:
        model = TabularPredictor("y", path=folder, eval_metric="log_loss", verbosity=0)
        model.fit(
            train.assign(y=churned), time_limit=seconds, presets="good_quality", num_cpus=2, dynamic_stacking=False
        )
        return model.predict_proba(held)[1].tolist()


PEERS = {"catboost": catboost, "flaml": flaml, "autogluon": autogluon}

if __name__ == "__main__":
    main(sys.argv[1:])
