"""What decides a candidate's evaluation, as one digest: two evaluations with the same key come to the same bits.

Data, use case, seed, folds, settings, and the very code and libraries that compute. It must not know where evaluations
are kept.
"""

import hashlib
import importlib.metadata
import json
import os
import platform
from functools import cache
from pathlib import Path

import churn_data
import churn_model
import churn_training
from churn_data.dataset import Dataset
from churn_data.usecase_digest import usecase_sha256
from churn_training.families.candidates import Candidate

_LIBRARIES = ("catboost", "category-encoders", "scikit-learn", "scipy", "numpy", "pandas")


def resume_key(dataset: Dataset, candidate: Candidate, seed: int, parts: int) -> str:
    """Hex SHA-256 of everything that the evaluation of this candidate depends on."""
    parameters = {
        "data": dataset.source.sha256,
        "usecase": usecase_sha256(dataset.usecase),
        "seed": seed,
        "folds": parts,
        "rows": len(dataset),
        "candidate": [candidate.name, candidate.kind, candidate.parameters, candidate.patience, candidate.grower],
        "libraries": {name: importlib.metadata.version(name) for name in _LIBRARIES},
        # Sums of floats depend on who adds up what.
        "machine": [platform.python_version(), platform.machine(), os.cpu_count()],
        "code": _code_sha256(),
    }
    return hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()


@cache
def _code_sha256() -> str:
    """Of the sources themselves: a commit's name would not tell of what is changed and not committed."""
    digest = hashlib.sha256()
    for package in (churn_model, churn_data, churn_training):
        folder = Path(package.__path__[0])
        for path in sorted(folder.rglob("*.py")):
            digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return digest.hexdigest()
