"""One object storage and one MLflow for all tests beside them.

versitygw is the binary that the cluster's image is made of; it must have been built (`make cluster` does).
`ci/test --storage` runs these tests, in one process.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.storage.machines import Machine, Storage, machine_with_mlflow, object_storage


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    with object_storage(tmp_path_factory.mktemp("storage")) as running:
        yield running


@pytest.fixture(scope="session")
def ready(storage: Storage, package_folder: Path) -> Storage:
    """The storage with buckets, policies and the starter; it was asked for before it could answer."""
    done = storage.set_up(package_folder)
    assert done.returncode == 0, done.stderr
    return storage


@pytest.fixture(scope="session")
def machine(ready: Storage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with machine_with_mlflow(ready, tmp_path_factory.mktemp("machine")) as found:
        yield found
