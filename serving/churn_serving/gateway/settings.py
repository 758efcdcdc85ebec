"""What a gateway process is told from outside, read once and frozen."""

import ipaddress
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AnyHttpUrl, Field, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import SettingsConfigDict

from churn_serving.adapters.segment_writer import SegmentLimits
from churn_serving.runtime.command_line import HomeUnlessEmpty, Switchable
from churn_serving.web.limits import ConnectionSettings

HOME_VARIABLE = "CHURN_HOME"
_PREFIX = "CHURN_GATEWAY_"


_OptionalUrl = Annotated[AnyHttpUrl | None, Switchable]


class GatewaySettings(ConnectionSettings):
    """Flags, or environment ``CHURN_GATEWAY_<NAME>``; ``CHURN_HOME`` and ``CHURN_VERIFY_KEY`` are shared by all."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        frozen=True,
        cli_kebab_case=True,
        cli_prog_name="python -m churn_serving.gateway",
        use_attribute_docstrings=True,
        populate_by_name=True,
        extra="ignore",
    )

    host: str = "127.0.0.1"
    """Address to listen on, IPv4 or IPv6; 0.0.0.0 or :: inside a container."""
    http_port: int = Field(default=8080, ge=1, le=65535)
    """Predictions, the protocol, pages."""
    grpc_port: int = Field(default=8081, ge=0, le=65535)
    """0 switches gRPC off."""
    metrics_port: int = Field(default=9090, ge=0, le=65535)
    """0 switches the metrics port off."""
    primary_url: AnyHttpUrl = AnyHttpUrl("http://127.0.0.1:8082")
    """The backend that answers as long as it is well."""
    fallback_url: _OptionalUrl = AnyHttpUrl("http://127.0.0.1:8084")
    """The backend that answers where the primary cannot. Empty: there is none."""
    canary_url: _OptionalUrl = None
    """A backend on trial, for its share of customers. Empty: there is none."""
    tls_authority: Annotated[Path | None, Switchable] = None
    """File of the authorities, in PEM, that a backend's certificate must come from, one for the name in its address; it
    is read again when it changes. All addresses of backends are https:// then. Empty: they are all http://."""
    canary_percent: float = Field(default=0.0, ge=0.0, le=100.0)
    """Share of customers that the canary answers, by a hash of their id."""
    canary_percent_file: Annotated[Path | None, Switchable] = None
    """File that holds the canary's share, one number; it is read again when it changes, and wins over the percentage
    given here. Instead it may hold `{"percent": 0, "shadow_percent": 20}`: the primary answers everybody, and copies of
    so many requests in a hundred go to the canary afterwards."""
    shadow_calls: int = Field(default=8, ge=1, le=32)
    """Copies for the canary that may be under way at once; with more, copies are left out and counted."""
    last_known_model: Annotated[Path | None, Switchable] = None
    """File of a model's signed description, as a backend shows it at ``GET /v1/package``: what a gateway that never
    reached any backend answers from, by the scorecard. It may come later. Empty: such a gateway is not ready."""
    drain_seconds: float = Field(default=0.0, ge=0.0, le=300.0)
    """After SIGTERM: how long readiness fails before connections are closed."""
    stop_seconds: int = Field(default=5, ge=1, le=300)
    """After that: how long requests under way are waited for."""
    maximum_body_bytes: int = Field(default=2 * 1024 * 1024, ge=1024, le=8 * 1024 * 1024)
    """Bytes of one request, over HTTP and gRPC; beyond it 413."""
    maximum_memory_bytes: int = Field(default=256 * 1024 * 1024, ge=64 * 1024 * 1024, le=1024**4)
    """Memory of this process's own from which on gRPC's connections are cut, whatever it is that its library heaps up;
    what a container may have must be half as much again."""
    api_keys: Annotated[Path | None, Switchable] = None
    """File of hashed API keys; it is read again when it changes."""
    authentication: Annotated[Literal["required", "off"] | None, Switchable] = None
    """Whether callers need a key; None: they do if there is a file of keys, and only a gateway that listens on this
    machine alone may have none."""
    traces_url: _OptionalUrl = None
    """Where an OpenTelemetry collector takes traces over OTLP and HTTP, as http://collector:4318/v1/traces: of each
    request whose caller keeps its trace, the request and its calls to backends. Empty: nobody is told."""
    traces_share: float = Field(default=0.01, ge=0.0, le=1.0)
    """Of requests that come without a trace, the share that begin one; without a collector none does."""
    request_log_lines_per_second: int = Field(default=1000, ge=0, le=1_000_000)
    """Lines that the request log has at most of answers that went well, as many a second, evenly over time; each
    refusal, failure, answer by the fallback or the scorecard, large request and kept trace has its line whatever comes.
    What is left out is counted. 0: nothing is."""
    prediction_log: Annotated[Path | None, Switchable] = None
    """Folder that every answer is kept in, until `churn log ship` takes it away. Empty: answers are not kept."""
    prediction_log_keys: Annotated[Path | None, Switchable] = None
    """File of the keys that customers are hashed with there; None: ``CHURN_HOME/keys/prediction-log.json``. It is read
    again when it changes."""
    prediction_log_segment_bytes: int = Field(default=4 * 1024 * 1024, ge=4096, le=1024**3)
    """Bytes after which a segment is done and can be taken away."""
    prediction_log_segment_seconds: float = Field(default=60.0, ge=0.1, le=3600.0)
    """Age at which it is, however small. A machine that is lost takes with it what lies there: so long and the time
    until it is taken away."""
    prediction_log_maximum_bytes: int = Field(default=1024**3, ge=65536, le=1024**5)
    """Bytes that may lie there; beyond it answers are given and not kept, which is counted."""
    prediction_log_sync_seconds: float = Field(default=0.0, ge=0.0, le=60.0)
    """How often what was written is made safe from a loss of power. 0: when the kernel does, half a minute or so. A
    process that is killed loses nothing in any case."""
    home: Annotated[Path, HomeUnlessEmpty] = Field(default=Path(".churn"), validation_alias=HOME_VARIABLE)
    """Folder of the local state, shared by all processes of an installation."""
    verify_key: Annotated[Path | None, Switchable] = Field(default=None, validation_alias="CHURN_VERIFY_KEY")
    """Public key(s) whose models may be served; None: ``CHURN_HOME/keys/verify.pem``."""

    @property
    def verify_key_path(self) -> Path:
        """The public key file that is really used."""
        return self.verify_key or self.home / "keys" / "verify.pem"

    @property
    def prediction_log_key_path(self) -> Path:
        """The file of the prediction log's keys that is really used."""
        return self.prediction_log_keys or self.home / "keys" / "prediction-log.json"

    @property
    def segment_limits(self) -> SegmentLimits:
        """When a segment of the prediction log is done, and how much there may be."""
        return SegmentLimits(
            self.prediction_log_segment_bytes,
            self.prediction_log_segment_seconds,
            self.prediction_log_maximum_bytes,
            self.prediction_log_sync_seconds,
        )

    @property
    def key_file(self) -> Path | None:
        """The file of API keys that callers are checked against; None where everybody may call."""
        return None if self.authentication == "off" else self.api_keys

    @model_validator(mode="after")
    def _backends_all_in_the_clear_or_none(self) -> Self:
        scheme = "http" if self.tls_authority is None else "https"
        for name in ("primary_url", "fallback_url", "canary_url"):
            url = getattr(self, name)
            if url is not None and url.scheme != scheme:
                raise PydanticCustomError(
                    "scheme",
                    "{prefix}{name}: {given}:// {why}",
                    {
                        "prefix": _PREFIX,
                        "name": name.upper(),
                        "given": url.scheme,
                        "why": f"needs {_PREFIX}TLS_AUTHORITY, the authorities to believe"
                        if self.tls_authority is None
                        else f"would be in the clear; with {_PREFIX}TLS_AUTHORITY it is https://",
                    },
                )
        return self

    @model_validator(mode="after")
    def _keys_where_others_can_call(self) -> Self:
        if self.api_keys is not None or self.authentication == "off":
            return self
        if self.authentication is None and _is_loopback(self.host):
            return self
        reason = "is required" if self.authentication else f"{_PREFIX}HOST={self.host} lets others call"
        raise PydanticCustomError(
            "keys",
            "{prefix}AUTHENTICATION: {reason}; set {prefix}API_KEYS to the file of hashed keys, or "
            "{prefix}AUTHENTICATION=off",
            {"prefix": _PREFIX, "reason": reason},
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
