"""The tables of the prediction log that hold a use case's answers. It must not know what is done with them."""

from datetime import date

from churn_monitoring.prediction_log.changes import tables_of
from churn_monitoring.prediction_log.store import Store


def answer_names(store: Store, usecase: str, first: date = date.min, last: date = date.max) -> list[tuple[str, date]]:
    """The tables of a use case of these days, both included, each with its day.

    Raises:
        DataError, Unavailable: the store cannot be asked.
    """
    found = tables_of(store, f"use_case={usecase}/")
    return [(name, day) for name, day in found if first <= day <= last]
