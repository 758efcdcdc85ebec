"""What stands in for a model answers with probabilities, however few customers it has learnt from beside columns."""

import numpy
import pytest
from scipy.special import expit
from sklearn.metrics import log_loss

from churn_model.scorecard import Scorecard
from churn_training.packaging.scorecard import fit_scorecard

COLUMNS = 200


def drawn(customers: int, seed: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Customers of whom one number in two hundred says who leaves, as far as anything does."""
    generator = numpy.random.default_rng(seed)
    encoded = generator.normal(size=(customers, COLUMNS))
    return encoded, (generator.random(customers) < expit(1.5 * encoded[:, 0] - 0.5)).astype(int)


@pytest.mark.parametrize("rows_each", [1, 6], ids=["a row each", "six rows each"])
def test_many_columns_make_nobody_certain(rows_each: int) -> None:
    encoded, churned = drawn(300, 1)
    several = numpy.repeat(numpy.arange(300), rows_each)
    card = fit_scorecard(encoded[several], churned[several], several)
    asked, left = drawn(2000, 2)
    answered = numpy.array(Scorecard.from_json(card, COLUMNS).probabilities(asked.tolist()))
    assert log_loss(left, answered) < log_loss(left, numpy.full(2000, churned.mean()))
    assert (numpy.abs(answered - 0.5) < 0.49).all()
    assert fit_scorecard(encoded[several], churned[several], several) == card


def test_where_customers_are_many_weights_are_what_they_are() -> None:
    encoded, churned = drawn(3000, 3)
    card = fit_scorecard(encoded[:, :2], churned)
    assert card["weights"] == pytest.approx([1.5, 0.0], abs=0.12)


@pytest.mark.parametrize("leavers", [1, 2], ids=str)
def test_a_handful_of_customers_has_a_scorecard_too(leavers: int) -> None:
    encoded, _ = drawn(5, 4)
    card = fit_scorecard(encoded, numpy.array([1] * leavers + [0] * (5 - leavers)))
    answered = Scorecard.from_json(card, COLUMNS).probabilities(encoded.tolist())
    assert answered == pytest.approx([leavers / 5] * 5, abs=0.1)
