"""Writes a first use case for a data file that nobody described yet.

Its text is meant to be read and corrected by a person; every guess says that it is one.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from churn_data.cells import Cell, is_number
from churn_data.errors import DataError
from churn_data.inference import Notice, infer_features
from churn_data.notices import Notices
from churn_data.whole_tables import read_cells
from churn_model.usecase import DEFAULT_MISSING, Feature, Label, UseCase, ValueRule

MONEY_WORDS = ("charge", "revenue", "spend", "price", "amount", "bill", "fee", "payment", "value")

_TEMPLATE = """\
# A starter use case, guessed from {file}. Read every line, correct it, then:
#   churn train --usecase {name}.yaml --data {file}

name: {name}
title: {title}
id: {id} # the column of customer ids, never a feature

label:
  column: {label}
  positive: {positive} # the customer left
{negative}
# Texts that mean "not known", beside blank ones.
missing: ["", NA, N/A, NaN, nan, "null", None]

# What a customer is worth: this column times months times margin. Guessed; put the column of a monthly payment.
value:
  column: {value}
  months: 12
  margin: 1.0

# Assumptions of a retention campaign. Put your own: value of a customer kept, cost of an offer, cost of a contact, and
# the beta distribution of the probability that a would-be leaver accepts (mean alpha / (alpha + beta)).
profit:
  customer_value: 200
  offer_cost: 10
  contact_cost: 1
  acceptance_alpha: 6
  acceptance_beta: 14

# Churn probabilities from which on a customer counts as medium and as high risk.
risk:
  medium: 0.3
  high: 0.6

# Segments are built on what customers do. Empty: on every feature. Better: name three to six.
segments:
  features: []

# What can be done for a customer. `effect`: probability that a customer who would leave stays because of it. These are
# assumptions until an experiment has measured them.
actions:
  - id: personal-call
    name: A call by a customer adviser
    cost: 10
    effect: 0.1
    source: assumed
    risk: [medium, high]
  - id: message
    name: A message
    cost: 1
    effect: 0.02
    source: assumed

# `label` is what people read. `minimum` and `maximum` may bound a number.
features:
{features}
"""


def starter_usecase(
    path: Path,
    label: str,
    positive: str,
    id_column: str | None,
    value: str | None,
    notice: Notice,
) -> str:
    """The YAML text of a use case for this file.

    Args:
        path: CSV or Parquet of labelled customers.
        label: column that says who left.
        positive: its value for customers who left.
        id_column: column of ids; None: the first whose values all differ.
        value: number column of a customer's value; None: the first number whose name sounds like money.
        notice: told one line about each thing worth knowing, such as a column that is left out.

    Raises:
        DataError: not a table, no such column, or nothing fit to be id or value.
    """
    columns = _read(path, label, notice)
    file = str(path)
    for name in (label, id_column, value):
        if name is not None and name not in columns:
            raise DataError(file, "no such column in the header", column=name, row=1)
    found_id = id_column or _first_unique(columns, label, file)
    found_value = value or _likely_value(columns, {label, found_id}, file)
    guess = UseCase(name="guess", id=found_id, label=Label(label, positive), value=ValueRule(found_value))
    features = infer_features(columns, guess, file, notice)
    name = "".join(letter if letter.isalnum() else "-" for letter in path.stem.lower()).strip("-") or "my-customers"
    return _TEMPLATE.format(
        file=path.name,
        name=name,
        title=_quoted(path.stem),
        id=_quoted(found_id),
        label=_quoted(label),
        positive=_quoted(positive),
        negative=_negative(columns[label], positive),
        value=_quoted(found_value),
        features="\n".join(map(_feature, features)),
    )


def _read(path: Path, label: str, notice: Notice) -> dict[str, list[Cell]]:
    return read_cells(path, DEFAULT_MISSING, Notices(str(path), notice), as_written=(label,), strict=False).columns


def _first_unique(columns: Mapping[str, Sequence[Cell]], label: str, file: str) -> str:
    for name, cells in columns.items():
        if name != label and None not in cells and len(set(cells)) == len(cells):
            return name
    raise DataError(file, "no column with a different value in every row; name the ids by --id")


def _likely_value(columns: Mapping[str, Sequence[Cell]], taken: set[str], file: str) -> str:
    numbers = [
        name for name, cells in columns.items() if name not in taken and any(cells) and all(map(is_number, cells))
    ]
    if not numbers:
        raise DataError(file, "no number column; a customer's value needs one")
    return next((name for name in numbers if any(word in name.lower() for word in MONEY_WORDS)), numbers[0])


def _negative(cells: Sequence[Cell], positive: str) -> str:
    others = {cell for cell in cells if cell not in (None, positive)}
    return f"  negative: {_quoted(str(others.pop()))}\n" if len(others) == 1 else ""


def _feature(feature: Feature) -> str:
    label = _quoted(feature.name.replace("_", " "))
    return f"  - {{name: {_quoted(feature.name)}, type: {feature.type}, label: {label}}}"


def _quoted(text: str) -> str:
    """The text as a YAML string, whatever is in it."""
    return json.dumps(text, ensure_ascii=False)
