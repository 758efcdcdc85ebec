"""The families that every training run compares, each with settings that are good on many data sets.

The defaults are quick: they alone are measured where there is no time to search. CatBoost's own defaults come first
among the alternatives. Nothing here may depend on one data set.

Where time is short, families that come later may not be measured. So the first is the cheapest, which is additive; what
follows knows interactions, the cheapest first, which is measured while there is any time; a second additive family and
forests, seldom better, come last.
"""

from collections.abc import Sequence

from churn_training.families.candidates import Candidate
from churn_training.families.spaces import ADDITIVE, CATBOOST, FOREST, HISTOGRAM, LINEAR, RANDOMIZED

_FAMILIES = (
    Candidate(
        "additive-splines",
        "Additive model, splines",
        "additive",
        {"C": 0.01, "knots": 10},
        ({"C": 0.05, "knots": 6}, {"C": 0.3, "knots": 14}),
        ADDITIVE,
    ),
    Candidate(
        "histogram-boosting",
        "Encoder, histogram gradient boosting",
        "trees",
        {
            "max_iter": 200, "learning_rate": 0.1, "max_leaf_nodes": 8, "min_samples_leaf": 20, "max_features": 0.4,
            "l2_regularization": 1.0, "max_depth": 10,
        },
        (
            {"max_iter": 1500, "learning_rate": 0.05, "min_samples_leaf": 10},
            {"max_iter": 1500, "learning_rate": 0.05, "max_leaf_nodes": 31, "max_features": 0.7},
            {"max_iter": 2000, "learning_rate": 0.03, "max_leaf_nodes": 16, "min_samples_leaf": 5, "max_features": 0.3},
        ),
        HISTOGRAM,
        patience=30,
    ),
    Candidate(
        "catboost",
        "Encoder, CatBoost",
        "catboost",
        {"depth": 4, "iterations": 300, "learning_rate": 0.08},
        (
            {"depth": 8, "iterations": 2000, "learning_rate": 0.05, "rsm": 0.4, "l2_leaf_reg": 5.0},
            {"depth": 6, "iterations": 3000, "learning_rate": 0.03, "subsample": 0.7},
            {"depth": 3, "iterations": 3000, "learning_rate": 0.05, "rsm": 0.5},
        ),
        CATBOOST,
        patience=50,
    ),
    Candidate(
        "catboost-native",
        "CatBoost, categories as they are",
        "native",
        {"depth": 4, "iterations": 300, "learning_rate": 0.08},
        (
            {"depth": 6, "iterations": 2000, "learning_rate": 0.05},
            {"depth": 8, "iterations": 2000, "learning_rate": 0.05, "rsm": 0.5, "l2_leaf_reg": 5.0},
            {"depth": 4, "iterations": 3000, "learning_rate": 0.04, "rsm": 0.5, "l2_leaf_reg": 10.0},
        ),
        CATBOOST,
        patience=50,
    ),
    Candidate(
        "randomized-boosting",
        "Encoder, boosting of extremely randomized trees",
        "trees",
        {"max_iter": 120, "learning_rate": 0.1, "max_depth": 6, "min_samples_leaf": 5, "max_features": 0.8},
        (
            {"max_iter": 1000, "max_depth": 8, "min_samples_leaf": 10, "max_features": 0.5},
            {"max_iter": 1500, "learning_rate": 0.05},
            {"max_iter": 1500, "learning_rate": 0.05, "max_depth": 4, "min_samples_leaf": 20},
        ),
        RANDOMIZED,
        patience=40,
        grower="randomized",
    ),
    Candidate(
        "logistic-regression",
        "Encoder, logistic regression",
        "linear",
        {"C": 1.0, "max_iter": 1000},
        ({"C": 0.03},),
        LINEAR,
    ),
    Candidate(
        "extra-trees",
        "Encoder, extra trees",
        "trees",
        {"n_estimators": 60, "max_depth": 12, "min_samples_leaf": 3, "max_features": 0.5},
        ({"n_estimators": 150, "max_features": 0.8},),
        FOREST,
        grower="extra",
    ),
    Candidate(
        "random-forest",
        "Encoder, random forest",
        "trees",
        {"n_estimators": 60, "max_depth": 12, "min_samples_leaf": 5, "max_features": 0.3},
        ({"n_estimators": 150, "min_samples_leaf": 3, "max_features": 0.5},),
        FOREST,
        grower="random",
    ),
)  # fmt: skip


def default_candidates() -> tuple[Candidate, ...]:
    """The families in the order in which their defaults are measured."""
    return _FAMILIES


def distinct_candidates(candidates: Sequence[Candidate], *, categories: bool) -> Sequence[Candidate]:
    """Those without families that would be the same model twice: where there are no categories, none is taken raw."""
    encoded = [candidate for candidate in candidates if candidate.kind != "native"]
    return candidates if categories or not encoded else encoded
