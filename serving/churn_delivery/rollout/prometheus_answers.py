"""Prometheus's answers, read strictly: whatever is not of its form, or no number, says nothing, and nothing is decided.

A proxy, a page to sign in at or another program may answer in its place. It must not know what is asked for.
"""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from churn_delivery.rollout.counts import Window
from churn_delivery.rollout.evidence import Array

NOT_OF_ITS_FORM = (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError)
"""What readers here raise where an answer is none."""
_OWN = frozenset(
    {"__name__", "backend", "outcome", "digest", "reason", "served_by", "name", "model_version", "le", "beside"}
    | {"direction"}
)
"""Labels by which series of one gateway differ."""
Process = tuple[tuple[str, str], ...]
_IDENTITY = ("cluster", "namespace", "pod", "instance")
"""Labels that two gateways never share all of."""


def scalar(found: Any) -> float:
    """The value of a scalar, [moment, "value"]."""
    moment, value = _list(found)
    _number(moment)
    return _number(value)


def vector(found: Any) -> list[tuple[dict[str, str], float]]:
    """Labels and value of each series of an instant vector."""
    return [(_labels(each), scalar(each["value"])) for each in _list(found)]


def matrix(found: Any, window: Window) -> list[tuple[dict[str, str], Array]]:
    """Labels of each series of a range vector, and its values at the borders of a window's blocks, shape (blocks + 1,);
    not a number where there was none."""
    return [(_labels(each), _at_borders(each["values"], window)) for each in _list(found)]


def counted_twice(one: Mapping[str, str], other: Mapping[str, str]) -> str:
    """Which label alone tells two series of a gateway that are there at once; empty where they are of two gateways."""
    same = one.get("instance") and all(one.get(name) == other.get(name) for name in _IDENTITY)
    names = sorted({*one, *other}) if same else []
    return next((name for name in names if one.get(name) != other.get(name)), "")


def process_of(labels: Mapping[str, str]) -> Process:
    """Whose series it is."""
    return tuple(sorted((name, value) for name, value in labels.items() if name not in _OWN))


def bound(le: str) -> float:
    """The upper bound of a bucket."""
    return math.inf if le == "+Inf" else float(le)


def told(moment: float) -> str:
    """A moment as people read it; the bare number where it is none of a calendar."""
    try:
        return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return str(moment)


def _at_borders(values: Any, window: Window) -> Array:
    found = np.full(window.blocks + 1, math.nan)
    for moment, text in _list(values):
        place = round((_number(moment) - window.start) / window.seconds)
        if not 0 <= place <= window.blocks:
            raise ValueError("of a moment that was not asked for")
        found[place] = _number(text)
    return found


def _labels(series: Any) -> dict[str, str]:
    labels = series["metric"]
    if not isinstance(labels, dict) or not all(isinstance(each, str) for each in labels.values()):
        raise TypeError("labels are texts")
    return labels


def _list(found: Any) -> list[Any]:
    if not isinstance(found, list):
        raise TypeError("not a list")
    return found


def _number(found: Any) -> float:
    number = float(found if isinstance(found, str) else json.dumps(found))
    if not math.isfinite(number):
        raise ValueError("not a number")
    return number
