"""A date of a Parquet file that no calendar has is refused by row and column; it is no level."""

from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from churn_data.errors import DataError
from churn_data.tables import open_table

KINDS = {
    "days": pyarrow.array([0, 2**31 - 1], pyarrow.int32()).cast(pyarrow.date32()),
    "microseconds": pyarrow.array([0, 2**63 - 1]).cast(pyarrow.timestamp("us")),
    "coded days": pyarrow.array([0, 2**31 - 1], pyarrow.int32()).cast(pyarrow.date32()).dictionary_encode(),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_date_out_of_range_is_named(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "customers.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"id": ["a", "b"], "since": KINDS[kind]}), path)
    with (
        open_table(path, chunk_rows=1) as table,
        pytest.raises(DataError, match='column "since", row 3: holds a date or time out of range'),
    ):
        list(table.chunks)
