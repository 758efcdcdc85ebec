"""The gateway's reasons, taken apart into what they are about and what it is, for pages to show side by side."""

from dataclasses import dataclass

_ENDING = " (raises churn)"


@dataclass(frozen=True)
class Reason:
    """What raises a customer's risk: a field in words, and the customer's value of it."""

    field: str
    value: str


def reasons_of(sentences: list[str]) -> list[Reason]:
    """The reasons of an answer, the strongest first."""
    found = []
    for sentence in sentences:
        field, _, value = sentence.removesuffix(_ENDING).partition(": ")
        found.append(Reason(field[:1].upper() + field[1:], value))
    return found


def in_a_line(reasons: str) -> str:
    """The reasons of a list's cell without what the head of their column says."""
    return reasons.replace(f"{_ENDING}; ", "; ").removesuffix(_ENDING)
