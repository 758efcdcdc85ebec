"""A customer's own fields as a form: what the batch knows, what somebody would try, what the gateway is sent."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from churn_model.package import Package
from churn_model.reasons import plain

_LONGEST = 256


@dataclass(frozen=True)
class Field:
    """A field: ``known`` is the customer's value (None: missing), ``given`` the text in the form, ``choices`` the
    levels that the model knows of a category. ``dated`` fields are days counted from a date."""

    name: str
    code: str
    label: str
    number: bool
    known: float | str | None
    given: str
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    dated: bool = False
    fault: str = ""

    @property
    def is_changed(self) -> bool:
        """Whether the form says otherwise than the batch."""
        return self.given != _text(self.known)

    @property
    def shown(self) -> str:
        """The customer's value as people read it."""
        return plain(self.known)


def own_fields(row: Mapping[str, Any], package: Package | None) -> list[Field]:
    """The fields of a customer, as far as the batch has them."""
    if package is None:
        return []
    found = []
    for place, feature in enumerate(package.manifest.schema.features):
        code = f"f{place}"
        if code not in row:
            return []
        known = row[code]
        label = feature.label or feature.name
        found.append(
            Field(
                feature.name,
                code,
                label[:1].upper() + label[1:],
                feature.type == "number",
                known,
                _text(known),
                feature.categories,
                feature.minimum,
                feature.maximum,
                feature.date is not None,
            )
        )
    return found


def changed(fields: list[Field], form: Mapping[str, str]) -> list[Field]:
    """The fields as a form says; one that it does not hold stays as it is."""
    found = []
    for field in fields:
        given = form.get(field.code, field.given).strip()[:_LONGEST]
        tried = replace(field, given=given)
        found.append(replace(tried, fault=_fault(tried)))
    return found


def features(fields: list[Field]) -> dict[str, float | str | None]:
    """What the gateway is sent: what is as the batch knows it goes as the batch knows it."""
    return {field.name: _value(field) for field in fields}


def _value(field: Field) -> float | str | None:
    if not field.is_changed:
        return field.known
    if not field.given:
        return None
    return float(field.given.replace(",", "")) if field.number else field.given


def _fault(field: Field) -> str:
    if not field.number or not field.given or not field.is_changed:
        return ""
    try:
        value = float(field.given.replace(",", ""))
    except ValueError:
        return "expected a number such as 12.5"
    if not math.isfinite(value):
        return "expected a number such as 12.5"
    if field.minimum is not None and value < field.minimum:
        return f"expected {field.minimum:g} or more"
    if field.maximum is not None and value > field.maximum:
        return f"expected {field.maximum:g} or less"
    return ""


def _text(value: float | str | None) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else f"{value:.12g}"
