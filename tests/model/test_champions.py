"""Who has been champion: what is kept, what older registries hold, and an alias that somebody else has moved."""

from types import SimpleNamespace
from typing import Any

import pytest

from churn_model.mlflow_champions import CHAMPION, HISTORY_TAG, PREVIOUS, Champions


class Registry:
    """As much of MLflow's client as is asked, with one model."""

    def __init__(self, versions: int, tags: dict[str, str] | None = None, **aliases: str) -> None:
        self.model = SimpleNamespace(name="churn", tags=tags or {}, aliases=aliases)
        self.versions = [SimpleNamespace(version=number) for number in range(1, versions + 1)]

    def search_registered_models(self, where: str) -> list[Any]:
        return [self.model] if where == "name = 'churn'" else []

    def search_model_versions(self, where: str) -> list[Any]:
        return self.versions if where == "name = 'churn'" else []

    def set_registered_model_alias(self, _: str, alias: str, version: str) -> None:
        self.model.aliases[alias] = version

    def delete_registered_model_alias(self, _: str, alias: str) -> None:
        del self.model.aliases[alias]

    def set_registered_model_tag(self, _: str, tag: str, value: str) -> None:
        self.model.tags[tag] = value


def champions(registry: Any) -> Champions:
    return Champions(registry)


@pytest.mark.parametrize(
    ("registry", "history"),
    [
        (Registry(3), []),
        (Registry(3, {HISTORY_TAG: "1 3"}, champion="3"), ["1", "3"]),
        (Registry(3, {HISTORY_TAG: "1 3"}, champion="2"), ["1", "3"]),
        (Registry(3, {HISTORY_TAG: "1 9 3"}), ["1", "3"]),
        (Registry(3, {HISTORY_TAG: "1 3 1"}), ["1", "3"]),
        (Registry(0, {HISTORY_TAG: "1 3"}), []),
        (Registry(12, None, champion="3", previous="2"), ["2", "3"]),
        (Registry(12, None, champion="10", previous="9"), ["9", "10"]),
        (Registry(12, None, champion="2", previous="3"), ["2"]),
        (Registry(12, None, champion="2"), ["2"]),
        (Registry(12, None, previous="2"), ["2"]),
    ],
)
def test_what_is_known_of_the_past(registry: Registry, history: list[str]) -> None:
    assert champions(registry).history("churn") == history
    assert champions(registry).history("another") == []


@pytest.mark.parametrize(
    ("registry", "astray"),
    [
        (Registry(3, {HISTORY_TAG: "1 3"}, champion="3"), None),
        (Registry(3, {HISTORY_TAG: "1 3"}, champion="1"), "1"),
        (Registry(3, {HISTORY_TAG: "1 3"}), None),
        (Registry(3, None, champion="2"), None),
        (Registry(0, {HISTORY_TAG: "1"}, champion="2"), None),
    ],
)
def test_an_alias_that_somebody_else_moved_is_named(registry: Registry, astray: str | None) -> None:
    assert champions(registry).astray("churn") == astray
    assert champions(registry).astray("another") is None


def test_what_is_kept_is_known_again() -> None:
    registry = Registry(200)
    champions(registry).keep("churn", ["4"])
    assert registry.model.aliases == {CHAMPION: "4"}
    champions(registry).keep("churn", ["4", "7"])
    assert registry.model.aliases == {CHAMPION: "7", PREVIOUS: "4"}
    assert champions(registry).history("churn") == ["4", "7"]
    champions(registry).keep("churn", ["4"])
    assert registry.model.aliases == {CHAMPION: "4"}
    many = [str(number) for number in range(1, 102)]
    champions(registry).keep("churn", many)
    assert champions(registry).history("churn") == many[1:]  # a hundred of them
