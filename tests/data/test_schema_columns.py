"""What batch scoring reads of a file is what training read: dates too, and with or without ids."""

from pathlib import Path

import msgspec
import numpy
import pandas
import pytest

from churn_data.dataset import schema_of
from churn_data.notices import Notices
from churn_data.schema_columns import SchemaColumns
from churn_data.sources import read_customers
from churn_data.tables import open_table
from churn_model.schema import Schema, SchemaFeature
from churn_model.usecase import Feature, Label, UseCase

FEATURES = (Feature("SignupISO", "date"), Feature("SignupUS", "date"), Feature("Stamp", "date"))
USECASE = UseCase("telco", Label("Churn", "Yes"), "customerID", features=FEATURES)


@pytest.mark.parametrize("id_column", ["customerID", ""], ids=["ids", "row numbers"])
def test_batch_reads_by_column_what_training_read(cases: Path, id_column: str) -> None:
    path = cases / "dates.csv"
    dataset = read_customers(path, msgspec.structs.replace(USECASE, id=id_column))
    with open_table(path, notices=Notices(str(path))) as table:
        reader = SchemaColumns(table, schema_of(dataset), [])
        ids, rows = reader.read(next(iter(table.chunks)))
    assert ids.to_pylist()[:2] == (["7590-VHVEG", "5575-GNVDE"] if id_column else ["2", "3"])
    assert [list(row) for row in rows] == dataset.frame.to_numpy().tolist()


@pytest.mark.parametrize("kind", ["float32", "float16"])
def test_small_floats_are_the_numbers_that_every_other_reader_takes_them_for(kind: str, tmp_path: Path) -> None:
    values = numpy.array([0.1, -1234.5678, 7.25], dtype=kind)
    path = tmp_path / "small.parquet"
    pandas.DataFrame({"score": values}).to_parquet(path)
    with open_table(path) as table:
        reader = SchemaColumns(table, Schema("shop", "", (SchemaFeature("score", "number"),)), [])
        _, rows = reader.read(next(iter(table.chunks)))
    assert [row[0] for row in rows] == [float(value) for value in values]


def test_levels_never_seen_in_many_columns_are_told_in_few_lines_and_counted_each(tmp_path: Path) -> None:
    names = [f"c{place:02}" for place in range(30)]
    schema = Schema("shop", "", tuple(SchemaFeature(name, "category", categories=("a", "b")) for name in names))
    path = tmp_path / "later.csv"
    rows = (",".join("x" if row <= place else "a" for place in range(30)) for row in range(30))
    path.write_text("\n".join([",".join(names), *rows]), encoding="utf-8")
    notices = Notices(str(path))
    with open_table(path, notices=notices) as table:
        reader = SchemaColumns(table, schema, [])
        reader.read(next(iter(table.chunks)))
    reader.tell(notices)
    assert reader.unseen == {name: place + 1 for place, name in enumerate(names)}
    told = [notice.line for notice in notices]
    assert [line.split(":")[0] for line in told[:-1]] == [f'column "c{place}"' for place in range(23, 30)]
    others = ", ".join(f'"c{place}" ({place + 1})' for place in range(22, 14, -1))
    assert told[-1] == f"23 more columns have levels that training never saw: {others} and 15 others; --json counts all"
