"""docs/model/use-case.md says that telecom.yaml explains every key of a use case: each is in its own section."""

import re

import msgspec
import pytest

from churn_model.rules import (
    ActionRule,
    ContactRule,
    Feature,
    HoldoutRule,
    Label,
    LogRule,
    ProfitStatement,
    RefreshRule,
    RiskRule,
    SegmentRule,
    TimeRule,
    ValueRule,
)
from churn_model.usecase import UseCase
from churn_model.usecase_file import SHIPPED_FOLDER

RULES: dict[str, type[msgspec.Struct]] = {
    "label": Label, "value": ValueRule, "profit": ProfitStatement, "time": TimeRule, "holdout": HoldoutRule,
    "refresh": RefreshRule, "risk": RiskRule, "segments": SegmentRule, "contacts": ContactRule, "actions": ActionRule,
    "features": Feature, "prediction_log": LogRule,
}  # fmt: skip
TEXT = (SHIPPED_FOLDER / "telecom.yaml").read_text(encoding="utf-8")
A_KEY = re.compile(r"(?:#   )?([a-z_]+):(?: |$)")


def keys_of(kind: type[msgspec.Struct]) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(kind)}


def sections() -> dict[str, str]:
    """What stands below each key of a use case, in use or in a comment, and in the comment above it."""
    found: dict[str, str] = {}
    above, current = "", ""
    for line in TEXT.splitlines():
        begins = A_KEY.match(line)
        if begins and begins[1] in keys_of(UseCase):
            current = begins[1]
            found[current], above = above, ""
        if current:
            found[current] += f"{line}\n"
        above = f"{above}{line}\n" if line.startswith("#") else ""
    return found


def test_every_section_is_there() -> None:
    assert set(sections()) == keys_of(UseCase)


def test_every_rule_of_a_use_case_is_looked_at() -> None:
    plain = {"name", "id", "title", "missing", "groups", "simulation"}
    assert set(RULES) | plain == keys_of(UseCase)


EVERY_KEY = [(rule, key) for rule, kind in RULES.items() for key in sorted(keys_of(kind))]


@pytest.mark.parametrize(("rule", "key"), EVERY_KEY, ids=lambda value: value)
def test_telecom_explains_every_key(rule: str, key: str) -> None:
    assert re.search(rf"(?<![a-z_]){key}(?:: |`|:$)", sections()[rule], re.MULTILINE), f"{rule}.{key}"
