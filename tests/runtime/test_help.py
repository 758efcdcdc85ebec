"""Every process says what can be set, by which flag and variable, and what it is by default; nothing starts."""

import os
import subprocess
import sys

import pytest
from pydantic_settings import BaseSettings

from churn_serving.bento.settings import BentoSettings
from churn_serving.gateway.settings import GatewaySettings
from churn_serving.local.settings import LocalSettings
from churn_serving.predictor.settings import PredictorSettings
from churn_serving.runtime.command_line import flag_of, variable_of

PROCESSES: dict[str, type[BaseSettings]] = {
    "churn_serving.gateway": GatewaySettings,
    "churn_serving.predictor": PredictorSettings,
    "churn_serving.bento": BentoSettings,
    "churn_serving.local": LocalSettings,
}


def run(*command: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CHURN_")}
    environment["CHURN_GATEWAY_HTTP_PORT"] = "nonsense"  # help needs no usable settings
    return subprocess.run(
        [sys.executable, "-m", *command], check=False, capture_output=True, text=True, timeout=180, env=environment
    )


@pytest.mark.parametrize("module", PROCESSES)
def test_help_names_every_setting(module: str) -> None:
    ended = run(module, "--help")
    assert (ended.returncode, ended.stderr) == (0, "")
    kind = PROCESSES[module]
    paragraphs = ended.stdout.split("\n  --")[1:]
    assert len(paragraphs) == len(kind.model_fields)
    for (name, field), paragraph in zip(kind.model_fields.items(), paragraphs, strict=True):
        first, _, meaning = f"--{paragraph}".partition("\n")
        assert first.startswith(f"{flag_of(name)}, {variable_of(kind, name)} (")
        assert meaning.strip(), f"{name} says nothing of itself"
        if field.default and not field.is_required():
            assert f"(default: {field.default})" in first


def test_who_reads_no_further_is_no_failure() -> None:
    words = [sys.executable, "-m", "churn_serving.gateway", "--help"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert process.returncode == 0


@pytest.mark.parametrize("module", PROCESSES)
def test_what_is_no_setting_is_refused_in_one_line(module: str) -> None:
    ended = run(module, "--nowhere", "1")
    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1
    assert "--nowhere" in ended.stderr


def test_flags_win_over_variables() -> None:
    ended = run("churn_serving.gateway", "--http-port", "70000")
    assert ended.returncode == 2
    assert "--http-port (CHURN_GATEWAY_HTTP_PORT)" in ended.stderr
    assert "65535" in ended.stderr


@pytest.fixture(scope="module")
def help_of_up() -> str:
    ended = run("churn_cli", "up", "--help")
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def test_churn_up_lists_the_ports(help_of_up: str) -> None:
    for port in ("--gateway-port, CHURN_UP_GATEWAY_PORT (default: 8080)", "--metrics-port-base", "--retrain"):
        assert port in help_of_up


def test_churn_up_names_each_option_once_and_requires_none(help_of_up: str) -> None:
    said = [line.split()[0].rstrip(",") for line in help_of_up.splitlines() if line.startswith("  -")]
    assert sorted(set(said)) == sorted(said)
    assert {"--usecase", "--data", "--ready-timeout"} <= set(said)
    assert "--model" not in said
    assert "required" not in help_of_up
