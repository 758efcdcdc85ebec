"""A file of customers with one column of interest, and what every reader makes of it."""

from collections.abc import Callable
from pathlib import Path

from churn_data.dataset import Dataset, rows_of, schema_of
from churn_data.schema_columns import SchemaColumns
from churn_data.sources import read_customers
from churn_data.starter import Wishes, starter_usecase
from churn_data.tables import open_table
from churn_model.usecase import Label, UseCase, load_usecase

ROWS = 200


def written(folder: Path, cell: Callable[[int], str], name: str = "x", delimiter: str = ";") -> Path:
    """A file of customers with one column of interest."""
    path = folder / "customers.csv"
    rows = (
        delimiter.join([f"c{row}", cell(row), str(row * 7 % 31), "no" if row % 3 else "yes"]) for row in range(ROWS)
    )
    path.write_text("\n".join([delimiter.join(["id", name, "calls", "churn"]), *rows]) + "\n", encoding="utf-8")
    return path


def started(path: Path) -> tuple[Dataset, str, list[str]]:
    """Customers as their first use case reads them, that use case and what was said; scoring reads the same."""
    lines: list[str] = []
    text = starter_usecase(path, Wishes(), lines.append)
    usecase = path.with_suffix(".yaml")
    usecase.write_text(text, encoding="utf-8")
    dataset = read_customers(path, load_usecase(usecase))
    with open_table(path, chunk_rows=64) as table:
        reader = SchemaColumns(table, schema_of(dataset), dataset.usecase.missing)
        scored = [row for chunk in table.chunks for row in reader.read(chunk)[1]]
    assert repr([tuple(row) for row in scored]) == repr([tuple(row) for row in rows_of(dataset.frame)])
    bare = read_customers(path, UseCase("bare", Label("churn", "yes"), "id"))
    assert rows_of(bare.frame).__repr__() == rows_of(dataset.frame).__repr__()
    return dataset, text, lines
