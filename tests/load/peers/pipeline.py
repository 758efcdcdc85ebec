"""The model as most teams save it: one pickled scikit-learn pipeline, loaded once per process.

Only the peers may do this; nothing on our own serving path unpickles anything.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import joblib


def folder() -> Path:
    """Where `prepare.py` left model and requests: the environment names it."""
    return Path(os.environ["BENCH_DIR"])


def load_pipeline() -> Any:
    """The fitted pipeline: takes a frame with one column a feature, answers class probabilities."""
    return joblib.load(folder() / "pipeline.joblib")


def feature_types() -> dict[str, str]:
    """Name of each feature and its JSON type: `string` or `number`."""
    types: dict[str, str] = json.loads((folder() / "features.json").read_text())
    return types
