"""What classifiers have in common whose log-odds are a sum over scikit-learn's trees.

It must not know how the trees are grown.
"""

from abc import abstractmethod

import numpy
import pandas
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin


class LogOddsTrees(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Answers with log-odds first, from which probabilities follow."""

    @abstractmethod
    def decision_function(self, frame: pandas.DataFrame) -> numpy.ndarray:
        """Log-odds, one a customer."""

    def predict_proba(self, frame: pandas.DataFrame) -> numpy.ndarray:
        """Probabilities of staying and leaving."""
        left = expit(self.decision_function(frame))
        return numpy.stack([1.0 - left, left], axis=1)


def single_precision(frame: pandas.DataFrame) -> numpy.ndarray:
    """The values as trees compare them: those beyond single precision as the largest that it has."""
    largest = numpy.finfo(numpy.float32).max
    values: numpy.ndarray = numpy.asarray(frame, dtype=float).clip(-largest, largest).astype(numpy.float32)
    return values
