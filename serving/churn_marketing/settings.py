"""What the app is told from outside, read once and frozen; what cannot be used ends the process and names its key."""

import ipaddress
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Self

from pydantic import AnyHttpUrl, BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, CliApp, SettingsConfigDict, SettingsError

from churn_marketing.errors import SettingError

PREFIX = "CHURN_MARKETING_"
_HOME = "CHURN_HOME"
# A variable that is set to nothing is one that is not set, so that a chart need not leave variables out.
_Unless = BeforeValidator(lambda value: None if value == "" else value)
_OptionalPath = Annotated[Path | None, _Unless]
_OptionalUrl = Annotated[AnyHttpUrl | None, _Unless]
_OptionalText = Annotated[str | None, _Unless]


class Settings(BaseSettings):
    """The marketing app. Every option is an environment variable, too: --http-port is CHURN_MARKETING_HTTP_PORT; --home
    is CHURN_HOME and --verify-key CHURN_VERIFY_KEY, which all processes share. --check (alone) says what cannot be used
    and serves nothing."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, cli_kebab_case=True, cli_implicit_flags=True, cli_hide_none_type=True,
        cli_prog_name="python -m churn_marketing", use_attribute_docstrings=True, populate_by_name=True, extra="ignore",
    )  # fmt: skip

    host: str = "127.0.0.1"
    """Address to listen on; 0.0.0.0 or :: inside a container."""
    http_port: int = Field(default=8085, ge=1, le=65535)
    """Pages."""
    public_url: _OptionalUrl = None
    """Where people's browsers find the app, such as https://churn.example.com; https where others can call."""
    trusted_proxy: _OptionalText = None
    """Address of the proxy in front, whose X-Forwarded-For is believed. Empty: nobody's is."""
    usecase: str = "telecom"
    """Use case of the customers: a name that ships or a YAML file."""
    model: _OptionalPath = None
    """Folder of the model package whose scores are shown; empty: CHURN_HOME/packages/<model>/champion."""
    batches: _OptionalPath = None
    """Folder of what `churn score` has written, a file (or a folder of parts) a batch; empty: CHURN_HOME/batches."""
    customers: _OptionalPath = None
    """Folder of the files that were scored, each called as its batch; empty: CHURN_HOME/customers."""
    state: _OptionalPath = None
    """Folder of sessions, plans, the audit trail and prepared batches; empty: CHURN_HOME/marketing."""
    gateway_url: AnyHttpUrl = AnyHttpUrl("http://127.0.0.1:8080")
    """The gateway that answers about one customer."""
    gateway_key_file: _OptionalPath = None
    """File of the key that the gateway asks for, if it does."""
    drift_report: _OptionalPath = None
    """File of what `churn drift check --json` said last, for the page of models. Empty: it says nothing."""
    users: _OptionalPath = None
    """File of local users; empty: the state folder's users.json. `python -m churn_marketing users add` writes it."""
    first_password_file: _OptionalPath = None
    """Where there is no file of users yet, one is made with a planner called `planner`, whose new password is written
    here, readable by nobody else."""
    oidc_issuer: _OptionalUrl = None
    """Address of an OpenID Connect issuer whose people may sign in. Empty: local users alone."""
    oidc_client_id: str = ""
    """What the issuer calls this app."""
    oidc_client_secret_file: _OptionalPath = None
    """File of the secret that goes with it."""
    oidc_role_claim: str = "groups"
    """Claim of the identity token that holds what somebody may do, a text or a list of texts."""
    oidc_planners: str = "churn-planners"
    """The value of that claim that makes somebody a planner."""
    oidc_viewers: str = "churn-viewers"
    """The value that makes somebody a viewer; who has neither may not sign in."""
    idle_minutes: float = Field(default=30.0, ge=1.0, le=1440.0)
    """A session ends when nothing was asked for so long."""
    session_hours: float = Field(default=12.0, ge=0.1, le=168.0)
    """And at the latest after so long."""
    stale_hours: float = Field(default=24.0 * 35, gt=0.0, le=24.0 * 3660)
    """Age of a batch from which pages say that it is old."""
    requests_per_minute: int = Field(default=600, ge=10, le=100_000)
    """What one person, or one address that has not signed in, may ask for."""
    threads: int = Field(default=8, ge=1, le=64)
    """Requests that are answered at once."""
    currency: str = Field(default="", max_length=8)
    """What stands before amounts, such as $ or EUR; the use case's money has no currency of its own."""
    home: Annotated[Path, BeforeValidator(lambda value: Path(".churn") if value == "" else value)] = Field(
        default=Path(".churn"), validation_alias=_HOME
    )
    """Folder of the local state, shared by all processes of an installation."""
    verify_key: _OptionalPath = Field(default=None, validation_alias="CHURN_VERIFY_KEY")
    """Public key(s) whose models may be shown; empty: CHURN_HOME/keys/verify.pem."""

    @property
    def state_folder(self) -> Path:
        """Where the app keeps what it must not lose."""
        return self.state or self.home / "marketing"

    @property
    def batch_folder(self) -> Path:
        """Where batches of scores lie."""
        return self.batches or self.home / "batches"

    @property
    def customer_folder(self) -> Path:
        """Where the files lie that were scored."""
        return self.customers or self.home / "customers"

    @property
    def users_path(self) -> Path:
        """The file of local users that is really used."""
        return self.users or self.state_folder / "users.json"

    @property
    def verify_key_path(self) -> Path:
        """The public key file that is really used."""
        return self.verify_key or self.home / "keys" / "verify.pem"

    @property
    def secure(self) -> bool:
        """Whether browsers reach the app over https, so that a cookie may demand it."""
        return self.public_url is not None and self.public_url.scheme == "https"

    @model_validator(mode="after")
    def _safe_where_others_can_call(self) -> Self:
        if not (_is_loopback(self.host) or self.secure):
            raise _fault("PUBLIC_URL", f"{PREFIX}HOST={self.host} lets others call; set it to the https address")
        if self.oidc_issuer is not None and not self.oidc_client_id:
            raise _fault("OIDC_CLIENT_ID", "is missing, the issuer needs it")
        if self.oidc_issuer is not None and self.public_url is None:
            raise _fault("PUBLIC_URL", "is missing, the issuer sends people back there")
        return self


def read_settings(arguments: Sequence[str]) -> Settings:
    """Settings from the command line and the environment.

    Raises:
        SettingError: naming flag and variable of each unusable one.
        SystemExit: ``--help``, or an option that there is not.
    """
    try:
        return CliApp.run(Settings, cli_args=list(arguments), cli_exit_on_error=False)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        raise SettingError("; ".join(_line(fault["loc"], fault["msg"]) for fault in faults)) from error
    except SettingsError as error:
        raise SettingError(f"{' '.join(str(error).split())}; --help lists what there is") from error


def _line(place: tuple[int | str, ...], message: str) -> str:
    if not place:
        return message  # of more than one setting: the message names them
    name, fields = str(place[0]), Settings.model_fields
    name = next((each for each, field in fields.items() if name in (each, field.validation_alias)), name)
    alias = fields[name].validation_alias if name in fields else None
    return f"--{name.replace('_', '-')} ({alias or PREFIX + name.upper()}): {message}"


def _fault(name: str, problem: str) -> PydanticCustomError:
    return PydanticCustomError("setting", "{name}: {problem}", {"name": PREFIX + name, "problem": problem})


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
