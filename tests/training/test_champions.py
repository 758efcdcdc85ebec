"""Who is champion, who was before, and what is made of an alias that somebody else moved: a real MLflow."""

import pytest

from churn_model.errors import RegistryError
from churn_model.package import PackageContents
from churn_training.packaging.home import Home
from tests.training.shelves import NAME, Shelf, champion


@pytest.fixture
def shelf(home: Home) -> Shelf:
    return Shelf(home)


def test_versions_champion_promote_rollback(shelf: Shelf, contents: PackageContents) -> None:
    registry = shelf.registry
    assert registry.champion(NAME) is None
    assert registry.versions(NAME) == []
    assert [shelf.register(contents) for _ in range(3)] == ["1", "2", "3"]
    assert registry.champion(NAME) is None
    registry.promote(NAME, "1")
    registry.promote(NAME, "3")
    registry.promote(NAME, "3")
    assert champion(registry) == "3"
    registry.promote(NAME, "2")
    # Twice goes back twice, and never to what was taken back.
    assert [registry.rollback(NAME).version for _ in range(2)] == ["3", "1"]
    assert champion(registry) == "1"
    with pytest.raises(RegistryError, match="no former champion"):
        registry.rollback(NAME)
    aliases = shelf.client.get_registered_model(NAME).aliases
    assert {name: str(version) for name, version in aliases.items()} == {"champion": "1"}
    registry.promote(NAME, "3")
    aliases = shelf.client.get_registered_model(NAME).aliases
    assert {name: str(version) for name, version in aliases.items()} == {"champion": "3", "previous": "1"}
    assert registry.rollback(NAME).version == "1"
    assert [found.version for found in registry.versions(NAME)] == ["3", "2", "1"]
    assert registry.by_version(NAME, "2").digest.startswith("sha256:")


def test_an_alias_moved_in_mlflow_is_not_followed_and_put_back(shelf: Shelf, contents: PackageContents) -> None:
    registry = shelf.registry
    for _ in range(3):
        shelf.register(contents)
    registry.promote(NAME, "1")
    assert registry.astray(NAME) is None
    shelf.client.set_registered_model_alias(NAME, "champion", "3")
    assert (champion(registry), registry.astray(NAME)) == ("1", "3")
    assert registry.rollback(NAME).version == "1"
    assert registry.astray(NAME) is None
    shelf.client.set_registered_model_alias(NAME, "champion", "3")
    registry.promote(NAME, "2")
    assert (champion(registry), registry.astray(NAME)) == ("2", None)
    # A version that was deleted is neither champion nor a way back.
    shelf.client.delete_model_version(NAME, "2")
    assert champion(registry) == "1"


def test_a_registry_of_former_releases_has_aliases_alone(shelf: Shelf, contents: PackageContents) -> None:
    for _ in range(3):
        shelf.register(contents)
    for alias, version in (("previous", "1"), ("champion", "2")):
        shelf.client.set_registered_model_alias(NAME, alias, version)
    assert champion(shelf.registry) == "2"
    assert shelf.registry.rollback(NAME).version == "1"
    # After a rollback of then, `previous` was what had been rejected.
    shelf.client.delete_registered_model_tag(NAME, "churn.champions")
    shelf.client.set_registered_model_alias(NAME, "previous", "3")
    with pytest.raises(RegistryError, match="no former champion"):
        shelf.registry.rollback(NAME)
