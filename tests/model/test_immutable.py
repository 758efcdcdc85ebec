"""What is read of a package or a use case cannot be changed afterwards, whoever shares it, and takes no unknown key."""

import importlib
import pkgutil

import msgspec
import pytest

import churn_model

FOR_ONE_READING = {"prediction_log.pseudonyms._Document"}
NEVER_READ = {"actions.Decision", "tree_shapley._Step"}
OF_LATER_VERSIONS_TOO = "prediction_log.records."


def structs() -> dict[str, type[msgspec.Struct]]:
    """Every struct of the package by its module and name."""
    found: dict[str, type[msgspec.Struct]] = {}
    for info in pkgutil.walk_packages(churn_model.__path__, "churn_model."):
        module = importlib.import_module(info.name)
        for name, kind in vars(module).items():
            if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__module__ == module.__name__:
                found[f"{info.name.removeprefix('churn_model.')}.{name}"] = kind
    return found


STRUCTS = structs()


def test_there_are_structs_of_all_that_is_read() -> None:
    assert {"schema.Schema", "manifest.Manifest", "encoding.EncodedFeature", "rules.ActionRule"} <= STRUCTS.keys()


@pytest.mark.parametrize("name", sorted(STRUCTS.keys() - FOR_ONE_READING))
def test_a_struct_is_immutable(name: str) -> None:
    assert STRUCTS[name].__struct_config__.frozen


@pytest.mark.parametrize("name", sorted(STRUCTS.keys() - NEVER_READ))
def test_a_struct_takes_no_key_that_it_does_not_know(name: str) -> None:
    assert STRUCTS[name].__struct_config__.forbid_unknown_fields != name.startswith(OF_LATER_VERSIONS_TOO)
