"""Which packages are tried, by which suites, and how many of their mutants. It knows no tool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Package:
    """What is changed, by which suites that must be noticed, and how many of its mutants are tried (0: all).

    `without`: files of the suites that start processes of their own. They take longer than all others together, and on
    a busy machine what waits too long would count as noticed; so scores are of what is asserted in one process."""

    path: str
    suites: tuple[str, ...]
    sample: int = 0
    without: tuple[str, ...] = ()


# What is asserted of models beside those who use it.
_MODEL_ELSEWHERE = (
    *(f"tests/training/test_{name}.py" for name in ("profit", "empc")),
    *(f"tests/prediction_log/test_{name}.py" for name in ("frames", "pseudonyms")),
)
# Samples keep a run within about an hour.
PACKAGES: Mapping[str, Package] = {
    "core": Package("serving/churn_serving/core", ("tests/core",)),
    "gateway": Package("serving/churn_serving/gateway", ("tests/gateway",), sample=150),
    "churn_model": Package(
        "model_repo/churn_model",
        ("tests/model", *_MODEL_ELSEWHERE),
        150,
        tuple(f"tests/model/test_{name}.py" for name in ("reading_in_threads", "ending", "native_on_real_customers")),
    ),
    "backend": Package(
        "serving/churn_serving/backend",
        ("tests/backends",),
        150,
        tuple(f"tests/backends/test_{name}.py" for name in ("lifecycle", "servers", "contributions")),
    ),
}
