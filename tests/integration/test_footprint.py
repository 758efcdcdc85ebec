"""Where the processes write: nowhere but in the temporary folder and the one that they are given, so that everything
else may be read-only; and in the temporary one nothing that would be left behind, were they killed, for good."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from real_processes import System, describe_system, end
from sample_package import MODEL_NAME

TEMPORARY = f"{'temporary, ' * 9}and longer than the address of a socket may be"


@pytest.fixture
def system(package_folder: Path, keys: Any, tmp_path: Path) -> Iterator[System]:
    """Three processes in an empty folder, each with an empty HOME; the two backends are told of no CHURN_HOME."""
    described = describe_system(package_folder, keys.verify_path, tmp_path, CHURN_HOME=str(tmp_path / "churn"))
    for folder in ("work", "home", TEMPORARY):
        (tmp_path / folder).mkdir()
    for service in (described.primary, described.fallback):
        service.environment.pop("CHURN_HOME", None)  # one set for both
    places = {"HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / TEMPORARY)}
    try:
        for service in described.services:
            environment = {"PATH": "/usr/bin:/bin", **service.environment, **places}
            with service.log.open("wb") as log:
                service.process = subprocess.Popen(
                    [sys.executable, "-m", *service.command], cwd=tmp_path / "work", env=environment,
                    stdout=log, stderr=log, start_new_session=True,
                )  # fmt: skip
        for service in described.services:
            service.wait_ready()
        yield described
    finally:
        end(*described.services)


def test_nothing_is_left_anywhere_else(system: System, tmp_path: Path) -> None:
    for url in (system.gateway_url, system.primary_url, system.fallback_url):
        for path in ("/v2", f"/v2/models/{MODEL_NAME}", "/livez", "/docs", "/nowhere"):
            assert httpx.get(url + path).status_code in (200, 404)
    (of_the_fallback,) = (tmp_path / TEMPORARY).iterdir()
    assert of_the_fallback.name.startswith("churn-fallback-")
    assert [service.stop() for service in system.services] == [0, 0, 0]
    assert list((tmp_path / TEMPORARY).iterdir()) == []
    assert list((tmp_path / "work").rglob("*")) == []
    assert list((tmp_path / "home").rglob("*")) == []
    assert [path.name for path in (tmp_path / "churn").rglob("*") if path.is_file()] == ["description.json"]
