"""Candidates small enough to train in a moment."""

from churn_training.families.candidates import Candidate


def small_candidates() -> tuple[Candidate, ...]:
    """One of each kind with few trees."""
    return (
        Candidate("catboost", "CatBoost", "catboost", {"depth": 3, "iterations": 20, "learning_rate": 0.2}),
        Candidate("linear", "Logistic regression", "linear", {"max_iter": 1000}),
        Candidate("trees", "Gradient boosting", "trees", {"max_depth": 2, "max_iter": 10, "learning_rate": 0.3}),
        Candidate("additive", "Additive model", "additive", {"C": 0.05, "knots": 4}),
        Candidate("native", "CatBoost, raw categories", "native", {"depth": 2, "iterations": 20, "learning_rate": 0.2}),
    )
