"""What a model server is told from outside: flags win over environment variables, those over defaults.

Read once at the start; a value that cannot be used ends the process there, with one line that names it.
"""

import sys
from pathlib import Path
from typing import Annotated, NoReturn

from pydantic import AnyHttpUrl, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import SettingsConfigDict

from churn_serving.runtime.command_line import HomeUnlessEmpty, Switchable, one_line
from churn_serving.web.limits import ConnectionSettings

BAD_SETTING = 2
Port = Annotated[int, Field(ge=1, le=65535)]
OptionalPort = Annotated[int, Field(ge=0, le=65535)]


class BackendSettings(ConnectionSettings):
    """What primary and fallback have in common. ``CHURN_HOME`` and ``CHURN_VERIFY_KEY`` are shared by all processes."""

    model_config = SettingsConfigDict(
        frozen=True,
        cli_kebab_case=True,
        cli_hide_none_type=True,
        use_attribute_docstrings=True,
        populate_by_name=True,
        extra="ignore",
    )

    model: Path
    """Folder of a model package, or a link to one; what it holds is reloaded when it changes."""
    digest: str = Field(default="", pattern=r"^(sha256:[0-9a-f]{64})?$")
    """Digest of the one package that may be served, as sha256:...; empty: any that a trusted key signed."""
    host: str = Field(default="127.0.0.1", min_length=1)
    """Address to listen on; 0.0.0.0 inside a container."""
    reload_seconds: float = Field(default=1.0, gt=0, le=86_400)
    """How often the model path is looked at."""
    tls_certificate: Annotated[Path | None, Switchable] = None
    """File of the certificate that callers are shown, with those of the authorities between it and one that callers
    know, in PEM; it is read again when it changes. From then on HTTP is spoken over TLS alone. Empty: in the clear."""
    tls_key: Annotated[Path | None, Switchable] = Field(default=None, validate_default=True)
    """File of its private key, in PEM and without a password."""
    traces_url: Annotated[AnyHttpUrl | None, Switchable] = None
    """Where an OpenTelemetry collector takes traces over OTLP and HTTP, as http://collector:4318/v1/traces: calls and
    the model in them, of traces that their callers keep. Empty: nobody is told."""
    drain_seconds: float = Field(default=0.5, ge=0, le=300)
    """After SIGTERM: how long readiness fails while requests are still answered."""
    stop_seconds: int = Field(default=10, ge=1, le=300)
    """After draining: how long requests in flight may take before they are cut off."""
    home: Annotated[Path, HomeUnlessEmpty] = Field(default=Path(".churn"), validation_alias="CHURN_HOME")
    """Folder of the local state."""
    verify_key: Annotated[Path | None, Switchable] = None
    """Public key(s) whose packages may be served; none: CHURN_VERIFY_KEY, else CHURN_HOME/keys/verify.pem."""
    shared_verify_key: Annotated[Path | None, Switchable] = Field(default=None, validation_alias="CHURN_VERIFY_KEY")
    """The same, for all processes of an installation."""

    @field_validator("tls_key")
    @classmethod
    def _key_with_its_certificate(cls, key: Path | None, others: ValidationInfo) -> Path | None:
        if (key is None) != (others.data.get("tls_certificate") is None):
            raise PydanticCustomError("pair", "certificate and key are given together or not at all")
        return key

    @property
    def verify_key_path(self) -> Path:
        """The public key file that is really used."""
        return self.verify_key or self.shared_verify_key or self.home / "keys" / "verify.pem"


def end(status: int, message: str) -> NoReturn:
    """End the process with one line on stderr."""
    sys.stderr.write(f"{one_line(message)}\n")
    sys.exit(status)
