"""What object storage holds of the prediction log, beside what callers were answered."""

import collections
from pathlib import Path
from typing import NamedTuple

import pyarrow

from tests.prediction_log.keeping import LOGGED, Callers
from tests.prediction_log.shipped import mentions, tables


class Kept(NamedTuple):
    """`rows` of `tables`; `answered` are rows by request, of those that a caller has heard the answer of."""

    tables: int
    rows: int
    answered: dict[str, int]


def kept_once(store: Path, callers: Callers) -> Kept:
    """What is there; nothing of it twice, nothing that nobody asked for, no name of a customer."""
    found = tables(store)
    requests, rows = collections.Counter[str](), 0
    for table in found.values():
        requests.update(table["request_id"].to_pylist())
        rows += table.num_rows
        features = {name for name in table.column_names if name.startswith("feature.")}
        assert features == {f"feature.{name}" for name in LOGGED}
    assert all(int(request_id.removeprefix("r-")) < callers.asked for request_id in requests)
    pairs = pyarrow.concat_tables([table.select(["request_id", "customer"]) for table in found.values()])
    assert pairs.group_by(["request_id", "customer"]).aggregate([]).num_rows == rows
    assert not any(mentions(table, "customer-") for table in found.values())
    return Kept(len(found), rows, {request_id: requests[request_id] for request_id in callers.answered})
