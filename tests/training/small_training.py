"""`churn` as a program with small candidates, so that a test can kill and repeat a whole training within seconds."""

import sys
from importlib import import_module

from churn_cli.main import main
from churn_training.families.candidates import Candidate
from tests.training.small_families import small_candidates


def few_candidates() -> tuple[Candidate, ...]:
    """Enough to be killed between two of them."""
    return small_candidates()[:3]


import_module("churn_training.pipeline").default_candidates = few_candidates  # type: ignore[attr-defined]
# Nobody looks at its pictures; they take longer than the models.
import_module("churn_training.runs.pictures")._save = lambda _, path: path.touch()  # type: ignore[attr-defined]

if __name__ == "__main__":
    sys.exit(main())
