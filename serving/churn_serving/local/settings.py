"""What a person can choose about a local start: the model, the ports, and whether MLflow's pages run too.

Every choice is a flag or an environment variable, read once at the start. Nothing here opens a port or a file.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from churn_serving.local.errors import SettingError
from churn_serving.runtime import command_line

ENVIRONMENT_PREFIX = "CHURN_UP_"
# Three services and what takes the prediction log away show metrics, each on a port of its own counted from the base;
# Prometheus, which reads them, is on the next.
HIGHEST_METRICS_BASE = 65535 - 4

Port = Annotated[int, Field(ge=1, le=65535)]


class LocalSettings(BaseSettings):
    """Settings of one start; a flag wins over an environment variable, that one over the default."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX,
        frozen=True,
        cli_kebab_case=True,
        cli_implicit_flags=True,
        cli_hide_none_type=True,
        cli_prog_name="churn up",
        use_attribute_docstrings=True,
        extra="ignore",
    )

    model: Path
    """Folder of one model's exported versions, with the link `champion` to the one that serves."""
    usecase: str
    """Name of the use case, shown to people."""
    gateway_port: Port = 8080
    """Gateway, HTTP."""
    gateway_grpc_port: Port = 8081
    """Gateway, gRPC."""
    primary_port: Port = 8082
    """Primary (KServe), HTTP."""
    primary_grpc_port: Port = 8083
    """Primary (KServe), gRPC."""
    fallback_port: Port = 8084
    """Fallback (BentoML), HTTP."""
    marketing_port: Port = 8085
    """The app for people."""
    mlflow_port: Port = 8086
    """MLflow's pages and API."""
    metrics_port_base: Annotated[int, Field(ge=1, le=HIGHEST_METRICS_BASE)] = 9090
    """Metrics of gateway (with a page for people at `/`), primary, fallback and prediction log: this port and the next
    three; Prometheus: the one after."""
    marketing: bool = True
    """Whether the app for people, where it is installed, runs too; `--no-marketing` leaves it out."""
    mlflow: bool = True
    """Whether MLflow runs beside the services; `--no-mlflow` leaves it out."""
    prometheus: bool = True
    """Whether Prometheus, where it is installed, keeps what the services show; `--no-prometheus` leaves it out."""
    prediction_log: bool = True
    """Whether answers are kept in CHURN_HOME/predictions, customers by a hash; `--no-prediction-log` keeps none."""
    ready_timeout: Annotated[float, Field(gt=0, le=86_400)] = 180.0
    """Seconds after which a start that is not ready counts as failed."""


def read_settings(arguments: Sequence[str]) -> LocalSettings:
    """Settings from the command line and the environment.

    Raises:
        SettingError: a value is missing or out of range; names the flag and the variable.
        SystemExit: `--help`.
    """
    try:
        return command_line.read_settings(LocalSettings, arguments)
    except command_line.SettingError as error:
        raise SettingError(str(error)) from error


def flag_of(name: str) -> str:
    """The command line flag of a setting."""
    return "--" + name.replace("_", "-")


def variable_of(name: str) -> str:
    """The environment variable of a setting."""
    return ENVIRONMENT_PREFIX + name.upper()


def key_file() -> str:
    """The gateway's file of API keys, as its own setting names it; empty where callers need no key."""
    return os.environ.get("CHURN_GATEWAY_API_KEYS", "")


def local_home() -> Path:
    """Absolute folder of the local state: CHURN_HOME, by default `.churn` in the working directory."""
    return Path(os.environ.get("CHURN_HOME") or ".churn").absolute()
