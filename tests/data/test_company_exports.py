"""Exports of companies of other trades and languages: what `churn init` makes of them unasked reads every customer for
training and for scoring as a gateway reads what a caller knows of them."""

from pathlib import Path

import msgspec
import pytest

from churn_data.dataset import rows_of, schema_of
from churn_data.schema_columns import SchemaColumns
from churn_data.sources import read_customers
from churn_data.starter import Wishes, starter_usecase
from churn_data.tables import open_table
from churn_model.usecase import load_usecase
from churn_serving.gateway.records import RecordDecoder
from tests.data.company_exports import EXPORTS, ROWS


@pytest.mark.parametrize("company", EXPORTS)
def test_a_companys_export_is_read_as_its_callers_send_customers(company: str, tmp_path: Path) -> None:
    export, path, lines = EXPORTS[company], tmp_path / "export.csv", list[str]()
    customers = export.written(path)
    usecase = tmp_path / "usecase.yaml"
    usecase.write_text(starter_usecase(path, Wishes(), lines.append), encoding="utf-8")
    dataset = read_customers(path, load_usecase(usecase))
    schema = schema_of(dataset)
    assert (dataset.usecase.id, dataset.usecase.label.column) == (export.id, export.label), lines
    assert set(schema.names) == export.features, lines
    assert dataset.churned.tolist() == [int(customer.left) for customer in customers]
    with open_table(path) as table:
        reader = SchemaColumns(table, schema, dataset.usecase.missing)
        scored = [row for chunk in table.chunks for row in reader.read(chunk)[1]]
    assert repr([tuple(row) for row in scored]) == repr([tuple(row) for row in rows_of(dataset.frame)])
    bodies = [{"customer_id": str(n), "features": customer.features} for n, customer in enumerate(customers)]
    asked = RecordDecoder(schema, ROWS).decode(msgspec.json.encode({"customers": bodies})).rows
    assert repr([tuple(row) for row in asked]) == repr([tuple(row) for row in scored])
