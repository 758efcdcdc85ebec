"""Of how many customers something became known since a moment, for whoever decides whether to train again.

It must not know what is decided.
"""

from datetime import datetime

from churn_monitoring.outcomes.database import Database, Limits, parquet
from churn_monitoring.outcomes.local_tables import local_tables
from churn_monitoring.outcomes.statements import said_after, statement_names
from churn_monitoring.prediction_log.store import Store


def new_labels(store: Store, usecase: str, since: datetime | None, limits: Limits) -> int | None:
    """How many customers of a use case something was said of after a moment (None: ever); None where nothing was ever
    said of anybody. A customer whom several keys name counts once.

    Raises:
        DataError, Unavailable: the store cannot be asked, or a file of it is none.
    """
    names = statement_names(store, usecase)
    if not names:
        return None
    later = names if since is None else said_after(names, since)
    with Database(limits, str(store.root)) as database, local_tables(store, later) as files:
        if not files:
            return 0
        source = parquet(files)
        (found,) = database.row(
            f"SELECT max(customers) FROM (SELECT count(DISTINCT customer) AS customers FROM {source} GROUP BY key)"
        )
    return int(found or 0)
