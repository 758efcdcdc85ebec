"""CatBoost models in their native binary format: the only module that knows the CatBoost library.

One thread: a row takes microseconds, and a second thread only adds hand-over (the server's processes are the
parallelism). A few rows are evaluated by :mod:`churn_model.symmetric_trees`, many by CatBoost, with the same bits.
"""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import catboost
import numpy

from churn_model.symmetric_trees import SymmetricTrees

# Rows × trees up to which arrays are quicker than CatBoost's own call (measured at 50 to 1,000 trees of depth 3 to 8).
_FEW = 800


class CatBoostEstimator:
    """Log-odds of a CatBoost binary classifier on already encoded, purely numeric rows."""

    def __init__(self, model: catboost.CatBoostClassifier) -> None:
        self.features = len(model.feature_names_)
        self._predict = model.predict
        self._trees = _symmetric_trees(model)
        self._few_rows = max(1, _FEW // self._trees.count) if self._trees else 0

    @classmethod
    def load(cls, content: bytes) -> "CatBoostEstimator":
        """Load the content of ``model.cbm``.

        Raises:
            ValueError: not a CatBoost model, not binary, or one that wants categorical features.
        """
        model = catboost.CatBoostClassifier()
        try:
            model.load_model(blob=content)
        except catboost.CatBoostError as error:
            raise ValueError("CatBoost cannot read it") from error
        if model.get_cat_feature_indices():
            raise ValueError("it wants raw categories, which the encoder has already replaced")
        if model.tree_count_ is None or model.tree_count_ < 1:
            raise ValueError("it has no trees")
        return cls(model)

    def raw(self, encoded: Sequence[Sequence[float]]) -> list[float]:
        """Log-odds, one a row."""
        rows = numpy.array(encoded, dtype=numpy.float32)
        if self._trees is not None and len(rows) <= self._few_rows:
            return self._trees.raw(rows)
        answers: list[float] = self._predict(rows, prediction_type="RawFormulaVal", thread_count=1).tolist()
        return answers


def _symmetric_trees(model: catboost.CatBoostClassifier) -> SymmetricTrees | None:
    """The model's trees as arrays; None if they have another form, or there is nowhere to write their document to:
    then CatBoost evaluates single rows too, more slowly and with the same bits."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.json"
            model.save_model(str(path), format="json")
            return SymmetricTrees(json.loads(path.read_bytes()))
    except (ValueError, OSError, catboost.CatBoostError):
        return None
