"""Within which time a probability of churn is meant, in words."""

from churn_marketing.text.amounts import months
from churn_model.rules import EVER
from churn_model.usecase import UseCase


def horizon(usecase: UseCase) -> str:
    """«within a month», or what is known instead."""
    window = usecase.window_months
    if window is not None:
        return months(window)
    return "at some time" if usecase.label.window == EVER else "within the time that the training data looked at"
