"""CatBoost models in their native binary format: the only module that knows the CatBoost library.

One thread: a row takes microseconds, and a second thread only adds hand-over (the server's processes are the
parallelism). A few rows of numbers are evaluated by :mod:`churn_model.symmetric_trees`, many by CatBoost, with the
same bits. Raw categories are always left to CatBoost, whose call costs 0.1 ms for a row of 19 features, 0.33 for 64.
"""

import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import catboost
import numpy
from numpy.typing import NDArray

from churn_model.column_rows import CategoryColumn, ColumnRows
from churn_model.encoding import MISSING_CATEGORY
from churn_model.errors import ExplanationUnavailable
from churn_model.estimator_checks import require_features
from churn_model.schema import Row, Schema
from churn_model.symmetric_trees import SymmetricTrees

# Rows × trees up to which arrays are quicker than CatBoost's own call: of 300 trees of depth 6, 13 rows take 126 µs
# against 208, and 24 take as long either way.
_FEW = 4000
_MOST_FEW = 128  # whatever the size of the model, so that its golden rows go both ways


class CatBoostEstimator:
    """Log-odds of a CatBoost binary classifier on already encoded, purely numeric rows; immutable."""

    def __init__(self, model: catboost.CatBoostClassifier) -> None:
        self._model = model
        self._predict = model.predict
        self._trees = _symmetric_trees(model)
        self._few_rows = min(_MOST_FEW, max(1, _FEW // self._trees.count)) if self._trees else 0

    @classmethod
    def load(cls, content: bytes, features: int) -> "CatBoostEstimator":
        """Load the content of ``model.cbm``.

        Raises:
            ValueError: not a CatBoost model, not binary, one that wants categories, or another number of features.
        """
        model = _read(content)
        if model.get_cat_feature_indices():
            raise ValueError("it wants raw categories, which the encoder has already replaced")
        require_features(len(model.feature_names_), features)
        return cls(model)

    def raw(self, encoded: Sequence[Sequence[float]], rows: Sequence[Row]) -> list[float]:
        """Log-odds, one a row."""
        numbers = numpy.array(encoded, dtype=numpy.float32)
        if self._trees is not None and len(numbers) <= self._few_rows:
            return self._trees.raw(numbers)
        return _log_odds(self._predict, numbers, rows)

    def contributions(self, encoded: Sequence[Sequence[float]], rows: Sequence[Row]) -> list[list[float]]:  # noqa: ARG002
        """CatBoost's own exact TreeSHAP (Lundberg et al. 2020), path-dependent.

        Raises:
            ExplanationUnavailable: the model was stored without the weights of its leaves.
        """
        return _shapley_values(self._model, catboost.Pool(numpy.array(encoded, dtype=numpy.float32)))


class NativeEstimator:
    """Log-odds of a CatBoost binary classifier on rows as they come, categories and all; immutable.

    A missing category is the text :data:`~churn_model.encoding.MISSING_CATEGORY`; one never seen in training is what
    CatBoost makes of it.
    """

    def __init__(self, model: catboost.CatBoostClassifier) -> None:
        self._model = model
        self._predict = model.predict
        self._categories: list[int] = model.get_cat_feature_indices()

    @classmethod
    def load(cls, content: bytes, schema: Schema) -> "NativeEstimator":
        """Load the content of ``native.cbm``.

        Raises:
            ValueError: not a CatBoost model, not binary, or trained on other features or categories than the schema's.
        """
        model = _read(content)
        require_features(len(model.feature_names_), len(schema.features))
        expected = [index for index, feature in enumerate(schema.features) if feature.type == "category"]
        if sorted(model.get_cat_feature_indices()) != expected:
            raise ValueError("its categories are not the schema's")
        return cls(model)

    def raw(self, encoded: Sequence[Sequence[float]], rows: Sequence[Row]) -> list[float]:  # noqa: ARG002
        """Log-odds, one a row."""
        values = _by_column(rows, self._model.feature_names_) if isinstance(rows, ColumnRows) else _texts(rows)
        return _log_odds(self._predict, values, rows)

    def contributions(self, encoded: Sequence[Sequence[float]], rows: Sequence[Row]) -> list[list[float]]:  # noqa: ARG002
        """CatBoost's own TreeSHAP. It counts a combination of features that the model made as one player and divides
        that player's value equally among them.

        Raises:
            ExplanationUnavailable: the model was stored without the weights of its leaves.
        """
        return _shapley_values(self._model, catboost.Pool(_texts(rows), cat_features=self._categories))


def _log_odds(predict: Callable[..., Any], values: Any, rows: Sequence[Row]) -> list[float]:
    """What CatBoost answers, on one thread where requests are, on every processor where a whole file is scored."""
    threads = -1 if isinstance(rows, ColumnRows) else 1
    answers: list[float] = predict(values, prediction_type="RawFormulaVal", thread_count=threads).tolist()
    return answers


def _read(content: bytes) -> catboost.CatBoostClassifier:
    model = catboost.CatBoostClassifier()
    try:
        model.load_model(blob=content)
    except catboost.CatBoostError as error:
        raise ValueError("CatBoost cannot read it") from error
    if model.tree_count_ is None or model.tree_count_ < 1:
        raise ValueError("it has no trees")
    if len(model.get_leaf_values()) != sum(model.get_tree_leaf_counts()):
        raise ValueError("it does not tell two classes apart")
    if model.get_text_feature_indices() or model.get_embedding_feature_indices():
        raise ValueError("it wants texts or vectors, which no schema has")
    return model


def _texts(rows: Sequence[Row]) -> NDArray[numpy.object_]:
    """Rows for CatBoost: an array of objects, the form that it reads quickest. Only categories are ever None."""
    return numpy.array([[MISSING_CATEGORY if value is None else value for value in row] for row in rows], dtype=object)


def _by_column(rows: ColumnRows, names: Sequence[str]) -> Any:
    """A frame for CatBoost, which is told each different level once instead of one text a row."""
    import pandas  # by CatBoost itself, before

    frame = pandas.DataFrame(dict(enumerate(map(_column, rows.columns))), copy=False)
    frame.columns = pandas.Index(names)
    return frame


def _column(column: Any) -> Any:
    if not isinstance(column, CategoryColumn):
        return column
    import pandas

    places: dict[str, int] = {}
    known = [places.setdefault(level or MISSING_CATEGORY, len(places)) for level in column.levels]
    return pandas.Categorical.from_codes(numpy.array(known)[column.codes], categories=pandas.Index(places))


def _shapley_values(model: catboost.CatBoostClassifier, pool: catboost.Pool) -> list[list[float]]:
    try:
        values = model.get_feature_importance(pool, type="ShapValues", thread_count=1)
    except catboost.CatBoostError as error:
        raise ExplanationUnavailable("the CatBoost model cannot be explained: it lacks its leaves' weights") from error
    answers: list[list[float]] = values.tolist()
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
