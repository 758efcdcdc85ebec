"""Every variable of the environment that is read stands in the help of who reads it."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import churn_data
import churn_delivery
import churn_model
import churn_training
from churn_cli.main import main
from churn_cli.programs import cluster_bootstrap, model_wait, storage_setup
from churn_training.cluster.bootstrap import BootstrapSettings
from churn_training.cluster.model_wait import ModelWaitSettings
from churn_training.cluster.storage_setup import StorageSettings
from churn_training.packaging.home import Home

NAME = re.compile(r"\b(?:CHURN|AWS|MLFLOW_S3)_[A-Z0-9_]+[A-Z0-9]\b")


class Recorded(Mapping[str, str]):
    """An environment that says what it was asked for."""

    def __init__(self, **held: str) -> None:
        self.held = held
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self.held[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.held)

    def __len__(self) -> int:
        return len(self.held)


def help_of(run: Callable[[list[str]], int], words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit, match="0"):
        run([*words, "--help"])
    return capsys.readouterr().out.partition("environment variables:")[2]


@pytest.mark.parametrize("command", ["train", "score", "promote", "rollback", "card", "value", "campaign"])
def test_a_command_names_what_the_folder_is_chosen_by(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = help_of(main, [command], capsys)
    names = {"train", "promote", "rollback"}
    environment = Recorded()
    Home.from_environment(environment)
    assert len(environment.asked) == 4
    wanted = environment.asked if command in names else {"CHURN_HOME"}
    assert wanted <= {*NAME.findall(said)}


def test_all_that_is_read_stands_in_the_help_of_all_commands(capsys: pytest.CaptureFixture[str]) -> None:
    said = {*NAME.findall(help_of(main, [], capsys))}
    read = set()
    for package in (churn_model, churn_data, churn_training, churn_delivery):
        (folder,) = package.__path__
        for module in Path(folder).rglob("*.py"):
            if module.parent.name != "cluster":  # programs in pods, with a help of their own
                read |= {*re.findall(r"""["']((?:CHURN|AWS|MLFLOW_S3)_[A-Z0-9_]+[A-Z0-9])["']""", module.read_text())}
    assert len(read) > 8
    assert read - said == set()


@pytest.mark.parametrize(
    ("program", "settings", "held"),
    [
        pytest.param(cluster_bootstrap, BootstrapSettings, {"CHURN_BOOTSTRAP_NAMESPACE": "x"}, id="bootstrap"),
        pytest.param(
            storage_setup,
            StorageSettings,
            {f"CHURN_STORAGE_{name}_USER": "x" for name in ("SERVING", "TRAINING", "MLFLOW")},
            id="storage",
        ),
        pytest.param(model_wait, ModelWaitSettings, {"CHURN_MODEL_WAIT_URI": "s3://a/b/"}, id="wait"),
    ],
)
def test_a_program_in_a_pod_names_its_settings_and_does_nothing(
    program: Any, settings: Any, held: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    environment = Recorded(**held)
    settings.from_environment(environment)
    said = {*NAME.findall(help_of(program.main, [], capsys))}
    assert said == environment.asked | {"CHURN_TERMINATION_LOG"}
    with pytest.raises(SystemExit, match="2"):
        program.main(["--there-is-none"])
