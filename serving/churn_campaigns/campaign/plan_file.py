"""Writes a campaign as CSV or Parquet; the file appears whole or not at all.

It must not know how decisions come about.
"""

import csv
import os
from pathlib import Path
from typing import Any

import numpy

from churn_campaigns.campaign.customers import Customers
from churn_campaigns.campaign.plan import Plan
from churn_campaigns.experiment.assignment import CONTROL
from churn_data.errors import DataError
from churn_data.tables import is_parquet

NO_ACTION = "none"


def columns_of(customers: Customers, plan: Plan) -> dict[str, list[Any]]:
    """The file's columns, one entry a customer. ``effect`` is by how much the action lowers this customer's churn
    probability; ``arm`` is the action, ``control`` for who would have got ``planned_action`` and is held out, or
    ``none``."""
    names = numpy.array([*(action.id for action in plan.actions), NO_ACTION])
    action = names[plan.choice]
    cost = numpy.array([*(action.cost for action in plan.actions), 0.0])
    return {
        "id": customers.ids,
        "churn_probability": customers.probability.tolist(),
        "segment": customers.segment.tolist(),
        "value": customers.value.round(2).tolist(),
        "action": action.tolist(),
        "expected_net": plan.taken(plan.offers.net).round(2).tolist(),
        "cost": cost[plan.choice].tolist(),
        "effect": plan.taken(plan.offers.effect).round(6).tolist(),
        "effect_source": numpy.array([*plan.offers.sources, ""])[plan.choice].tolist(),
        "arm": numpy.where(plan.control, CONTROL, action).tolist(),
        "planned_action": names[plan.planned.choice].tolist(),
    }


def write_plan(path: Path, columns: dict[str, list[Any]]) -> None:
    """Write the columns, Parquet by the path's ending, else CSV. If it fails nothing is left behind and a file that was
    there before is untouched.

    Raises:
        DataError: the folder is not there or cannot be written to.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        (_write_parquet if is_parquet(path) else _write_csv)(temporary, columns)
        temporary.replace(path)
    except OSError as error:
        raise DataError(str(path), f"cannot be written ({error.strerror or error})") from None
    finally:
        temporary.unlink(missing_ok=True)


def _write_csv(path: Path, columns: dict[str, list[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def _write_parquet(path: Path, columns: dict[str, list[Any]]) -> None:
    import pyarrow
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.table(columns), str(path))
