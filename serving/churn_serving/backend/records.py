"""Customers as plain records (feature name to value), for interfaces that are not V2."""

from collections.abc import Mapping, Sequence

from churn_model.schema import Row, Schema
from churn_serving.oip.faults import InvalidRequest, Problem, Problems, shown
from churn_serving.oip.messages import MAX_ROWS
from churn_serving.oip.tensors import Tensor, rows_of


def rows_of_records(records: object, schema: Schema) -> list[Row]:
    """Check records and turn them into rows; None is a missing value, a missing key is an error.

    Raises:
        InvalidRequest: naming everything that is wrong.
    """
    if not isinstance(records, Sequence) or isinstance(records, str):
        raise InvalidRequest([Problem("customers", "expected a list of records")])
    if not 0 < len(records) <= MAX_ROWS:
        raise InvalidRequest([Problem("customers", f"{len(records)} records; expected 1 to {MAX_ROWS}")])
    problems = Problems()
    known = set(schema.names)
    for index, record in enumerate(records):
        _check_names(record, f"customers[{index}]", known, problems)
    problems.raise_any()
    tensors = [
        Tensor(
            feature.name,
            "FP64" if feature.type == "number" else "BYTES",
            [len(records)],
            [record[feature.name] for record in records],
        )
        for feature in schema.features
    ]
    return rows_of(tensors, schema, problems, [])


def _check_names(record: object, place: str, known: set[str], problems: Problems) -> None:
    if not isinstance(record, Mapping):
        problems.add(place, "expected an object")
        return
    for name in sorted(known - record.keys()):
        problems.add(f"{place}.{name}", "missing")
    for name in record.keys() - known:
        problems.add(place, f"unknown feature {shown(name)}")
