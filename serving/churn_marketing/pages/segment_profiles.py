"""What sets a segment apart: the fields in which its customers differ most from all customers of the batch."""

from dataclasses import dataclass
from typing import Any

from churn_marketing.text.amounts import figure, percent

_MOST = 5
_NOTICEABLE = 0.15
"""Least difference that is told: in standard deviations of a number, in shares of a level."""


@dataclass(frozen=True)
class Trait:
    """A field of a segment beside all customers, in words; ``difference`` orders them."""

    field: str
    here: str
    everywhere: str
    difference: float


def traits(facts: dict[str, Any], segment: int) -> list[Trait]:
    """The strongest first."""
    found = [_trait(column, facts["profiles"][column["column"]], segment) for column in facts["columns"]]
    told = [each for each in found if each is not None and each.difference >= _NOTICEABLE]
    return sorted(told, key=lambda each: -each.difference)[:_MOST]


def _trait(column: dict[str, str], profile: dict[str, Any], segment: int) -> Trait | None:
    own = next((each for each in profile["segments"] if each["of"] == segment), None)
    if own is None:
        return None
    label = column["label"][:1].upper() + column["label"][1:]
    if column["type"] == "number":
        mean, deviation = profile["mean"], profile["deviation"]
        if own["mean"] is None or not deviation:
            return None
        return Trait(label, f"{figure(own['mean'])} on average", figure(mean), abs(own["mean"] - mean) / deviation)
    differences = [here - everywhere for here, everywhere in zip(own["shares"], profile["shares"], strict=True)]
    if not differences:
        return None
    place = max(range(len(differences)), key=lambda number: abs(differences[number]))
    words = f"{profile['levels'][place]}: {percent(own['shares'][place])}"
    return Trait(label, words, percent(profile["shares"][place]), abs(differences[place]))
