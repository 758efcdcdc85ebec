"""Prometheus beside a local start: there where it is installed, and told of everything that shows metrics."""

import json
from pathlib import Path

import pytest

from churn_serving.local.errors import SettingError
from churn_serving.local.scraping import write_scraping
from churn_serving.local.services import ServiceSpec, local_services
from churn_serving.local.settings import read_settings

BASE = 9190


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "programs" / "prometheus"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    return program


def specs(home: Path, *arguments: str) -> dict[str, ServiceSpec]:
    required = ["--model", "unused", "--usecase", "telecom", "--metrics-port-base", str(BASE)]
    return {spec.name: spec for spec in local_services(read_settings([*required, *arguments]), home)}


def test_it_runs_where_it_is_installed_behind_the_ports_of_metrics(installed: Path, tmp_path: Path) -> None:
    spec = specs(tmp_path)["prometheus"]
    assert spec.command[0] == str(installed)
    assert spec.port == BASE + 4
    assert spec.niceness > 0
    assert not spec.vital


def test_it_is_left_out_on_request(installed: Path, tmp_path: Path) -> None:
    assert installed.exists()
    assert "prometheus" not in specs(tmp_path, "--no-prometheus")


def test_it_is_left_out_where_it_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "prometheus" not in specs(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "shown"), [((), 4), (("--no-prediction-log",), 3)], ids=["with a log", "without a log"]
)
def test_it_reads_everything_that_shows_metrics(tmp_path: Path, arguments: tuple[str, ...], shown: int) -> None:
    write_scraping([*specs(tmp_path, *arguments).values()], tmp_path)
    written = json.loads((tmp_path / "prometheus" / "prometheus.json").read_text())
    (job,) = written["scrape_configs"]
    assert job["static_configs"] == [{"targets": [f"127.0.0.1:{BASE + number}" for number in range(shown)]}]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "prometheus").write_text("a file")
    with pytest.raises(SettingError, match=r"prometheus\.json: cannot be written"):
        write_scraping([*specs(tmp_path).values()], tmp_path)
