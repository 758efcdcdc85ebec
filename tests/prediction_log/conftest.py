"""A gateway that keeps its answers, before one backend."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from churn_model import PackageContents
from churn_model.prediction_log.pseudonyms import add_pseudonym_key
from real_processes import describe_system, running
from tests.prediction_log.keeping import LOGGED, Keeping


@pytest.fixture(scope="session")
def logged_package(make_package: Callable[..., Path], contents: PackageContents) -> Path:
    """The sample package, whose use case lets two of its five features be kept."""
    schema = msgspec.structs.replace(contents.schema, logged=LOGGED)
    return make_package(contents=dataclasses.replace(contents, schema=schema))


KeepingStart = Callable[..., contextlib.AbstractContextManager[Keeping]]


@pytest.fixture(scope="session")
def describe_keeping(
    logged_package: Path, keys: Any, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Keeping]:
    """What a gateway with its primary is; settings of its log by name. Nothing is started."""

    def describe(**settings: str) -> Keeping:
        home = tmp_path_factory.mktemp("home")
        folder, key_file = home / "segments", home / "keys" / "prediction-log.json"
        add_pseudonym_key(key_file, "first")
        log = {"CHURN_GATEWAY_PREDICTION_LOG": str(folder), "CHURN_GATEWAY_FALLBACK_URL": ""}
        log |= {f"CHURN_GATEWAY_PREDICTION_LOG{name}": value for name, value in settings.items()}
        return Keeping(describe_system(logged_package, keys.verify_path, home, **log), home, folder, key_file)

    return describe


@pytest.fixture(scope="session")
def start_keeping(describe_keeping: Callable[..., Keeping]) -> KeepingStart:
    """The same, started."""

    @contextlib.contextmanager
    def start(**settings: str) -> Iterator[Keeping]:
        keeping = describe_keeping(**settings)
        with running(keeping.system, keeping.system.primary, keeping.system.gateway):
            yield keeping

    return start
