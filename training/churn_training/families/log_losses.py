"""The log loss of log-odds, which are not turned into probabilities for it, so that none is rounded to 0 or 1.

It must not know who answered.
"""

import numpy


def log_loss_of(raw: numpy.ndarray, churned: numpy.ndarray) -> float:
    """Mean log loss of log-odds."""
    return float(numpy.mean(log_losses_of(raw, churned)))


def log_losses_of(raw: numpy.ndarray, churned: numpy.ndarray) -> numpy.ndarray:
    """Log loss of each customer's log-odds."""
    losses: numpy.ndarray = numpy.logaddexp(0.0, raw) - churned * raw
    return losses
