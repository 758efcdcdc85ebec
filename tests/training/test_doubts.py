"""What cannot be believed is not promoted: too few customers, and measures that are too good to be true."""

import numpy
import pytest

from churn_data.notices import Notice
from churn_training.comparison.doubts import doubts_about

HONEST = {"roc_auc": 0.995}
PERFECT = {"roc_auc": 0.9999}


def churned(leavers: int, stayers: int) -> numpy.ndarray:
    return numpy.array([1] * leavers + [0] * stayers)


def test_enough_customers_and_an_honest_model_raise_no_doubt() -> None:
    assert doubts_about(churned(10, 10), None, HONEST, PERFECT, ()) == ()
    assert doubts_about(churned(10, 10), None, PERFECT, HONEST, ()) == ()


@pytest.mark.parametrize(
    ("leavers", "stayers"), [(3, 3), (9, 100), (100, 9)], ids=["thirty rows", "leavers", "stayers"]
)
def test_few_customers_are_told(leavers: int, stayers: int) -> None:
    [doubt] = doubts_about(churned(leavers, stayers), None, HONEST, HONEST, ())
    assert not doubt.passed
    assert f"{leavers} who left and {stayers} who stayed" in doubt.sentence


def test_rows_of_one_customer_are_one_customer() -> None:
    [doubt] = doubts_about(churned(20, 20), numpy.arange(40) // 4, HONEST, HONEST, ())
    assert "5 who left and 5 who stayed" in doubt.sentence


def test_a_nearly_perfect_model_is_doubted_and_the_listed_leak_named() -> None:
    notices = (Notice("Churn Date", "leak", "left out, …"), Notice("Churn Reason", "leak", "kept because …"))
    [doubt] = doubts_about(churned(50, 50), None, PERFECT, PERFECT, notices)
    assert doubt.sentence.endswith('the use case lists "Churn Reason"')
    assert "ROC AUC 0.9999" in doubt.sentence
