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
