"""What a gateway process is told from outside, read once and frozen."""

from pathlib import Path

from pydantic import AnyHttpUrl, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

HOME_VARIABLE = "CHURN_HOME"


class GatewaySettings(BaseSettings):
    """Environment ``CHURN_GATEWAY_<NAME>``; ``CHURN_HOME`` and ``CHURN_VERIFY_KEY`` are shared with other processes."""

    model_config = SettingsConfigDict(env_prefix="CHURN_GATEWAY_", frozen=True)

    host: str = "127.0.0.1"
    http_port: int = Field(default=8080, ge=1, le=65535)
    grpc_port: int = Field(default=8081, ge=0, le=65535)
    """0 switches gRPC off."""
    metrics_port: int = Field(default=9090, ge=0, le=65535)
    """0 switches the metrics port off."""
    primary_url: AnyHttpUrl = AnyHttpUrl("http://127.0.0.1:8082")
    fallback_url: AnyHttpUrl | None = AnyHttpUrl("http://127.0.0.1:8084")
    canary_url: AnyHttpUrl | None = None
    canary_percent: float = Field(default=0.0, ge=0.0, le=100.0)
    """Share of customers that the canary answers, by a hash of their id."""
    drain_seconds: float = Field(default=0.0, ge=0.0, le=300.0)
    """After SIGTERM: how long readiness fails before connections are closed."""
    maximum_body_bytes: int = Field(default=2 * 1024 * 1024, ge=1024)
    maximum_customers: int = Field(default=1000, ge=1, le=10_000)
    """Customers in one request."""
    home: Path = Field(default=Path(".churn"), validation_alias=HOME_VARIABLE)
    verify_key: Path | None = Field(default=None, validation_alias="CHURN_VERIFY_KEY")
    """Public key(s) whose models may be served; None: ``CHURN_HOME/keys/verify.pem``."""

    @property
    def verify_key_path(self) -> Path:
        """The public key file that is really used."""
        return self.verify_key or self.home / "keys" / "verify.pem"
