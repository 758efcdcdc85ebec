"""What the model package says about itself, for the person who starts it: its name, its customers, one to ask about.

Read for display only. Whether the package may be trusted is checked by the processes that answer with it.
"""

import json
import shlex
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from churn_model.dates import moment
from churn_model.errors import PackageError
from churn_model.golden import Golden
from churn_model.manifest import GOLDEN, MANIFEST, Manifest, parse_manifest
from churn_model.schema import Row, row_to_json
from churn_serving.local.errors import SettingError
from churn_serving.local.services import CHAMPION

EXAMPLE_CUSTOMER = "example-1"


@dataclass(frozen=True)
class Champion:
    """The champion's manifest, and the features of one customer as JSON values."""

    manifest: Manifest
    features: dict[str, Any]

    @property
    def title(self) -> str:
        """Name and version in words."""
        return f"{self.manifest.name} version {self.manifest.version}"

    def curl(self, gateway: str, *, with_key: bool = False) -> str:
        """A command, ready for a shell, that asks the gateway about one customer; its key is the variable
        CHURN_API_KEY."""
        body = {"customers": [{"customer_id": EXAMPLE_CUSTOMER, "features": self.features}], "explain": False}
        parts = [
            "curl",
            "-sS",
            f"{gateway}/v1/predictions",
            "-H",
            "content-type: application/json",
            "-d",
            json.dumps(body),
        ]
        key = ' -H "Authorization: Bearer $CHURN_API_KEY"' if with_key else ""
        return shlex.join(parts[:3]) + f"{key} {shlex.join(parts[3:])}"


def read_champion(model: Path) -> Champion:
    """Read the package behind the `champion` link of a model folder.

    Raises:
        SettingError: there is none, or it cannot be read.
    """
    folder = model / CHAMPION
    if not folder.is_dir():
        raise SettingError(f"{folder}: no champion there; make one with `churn train`")
    try:
        manifest = parse_manifest((folder / MANIFEST).read_bytes())
        golden = Golden.from_bytes((folder / GOLDEN).read_bytes(), manifest.schema)
    except OSError as error:
        raise SettingError(f"{error.filename}: cannot be read ({error.strerror})") from error
    except PackageError as error:
        raise SettingError(f"{folder}: {error}") from error
    return Champion(manifest, _record(manifest, golden.rows[0]))


def _record(manifest: Manifest, row: Row) -> dict[str, Any]:
    """The row as callers write a customer: a date where the model has the days since one.

    Where each customer has a day as of which they are described, this one is described as of the day on which the
    package was made.
    """
    schema = manifest.schema
    made = manifest.created[: len("2024-03-31")]
    record: dict[str, Any] = dict.fromkeys(schema.snapshot_columns, made)
    for feature, value in zip(schema.features, row_to_json(row), strict=True):
        if feature.date is None or value is None:
            record[feature.name] = _plain(value)
        else:
            then = moment(feature.date.snapshot or made) - timedelta(days=float(value))
            record[feature.name] = _as_written(then)
    return record


def _as_written(then: datetime) -> str:
    """A date, with its time where that is not midnight."""
    text = then.isoformat()
    return text.removesuffix("T00:00:00")


def _plain(value: float | str | None) -> float | str | None:
    """A whole number without its `.0`, as a person would write it."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
