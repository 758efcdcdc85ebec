"""Writes a table of customers beside the log and brings back nobody who asks to be forgotten meanwhile.

It must not know what is told of them.
"""

import pyarrow

from churn_monitoring.prediction_log.erasures import Erasures, erasures, without_erased
from churn_monitoring.prediction_log.store import Store
from churn_monitoring.prediction_log.tables import parquet


def keep_table(store: Store, name: str, table: pyarrow.Table) -> int:
    """Write a table with the columns `customer` and `time`, and return how many rows of it.

    Raises:
        DataError, Unavailable: the store cannot be written to.
    """
    known: Erasures = erasures(store)
    while True:
        kept = without_erased(table, known)
        if kept.num_rows:
            store.put(name, parquet(kept))
        else:
            store.delete(name)
        now = erasures(store)
        if now == known:
            return int(kept.num_rows)
        known = now
