"""A small table of customers that tests break in one place each."""

from pathlib import Path

from churn_model.usecase import Feature, Label, UseCase, ValueRule

USECASE = UseCase(
    name="shop",
    id="id",
    label=Label("left", "yes", "no"),
    value=ValueRule("spend"),
    features=(Feature("spend", "number", minimum=0, maximum=1000), Feature("city", "category")),
)
HEADER = "id,spend,city,left"
ROWS = ("secret-1,10,Bern,yes", "secret-2,20.5,Rome,no", "secret-3,,Bern,no", "secret-4,40,,yes")


def write_table(folder: Path, *rows: str, header: str = HEADER) -> Path:
    """Write `customers.csv` with these rows, by default the good ones."""
    path = folder / "customers.csv"
    path.write_text("\n".join([header, *(rows or ROWS)]) + "\n", encoding="utf-8")
    return path
