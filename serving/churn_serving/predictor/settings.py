"""Settings of the primary."""

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import SettingsConfigDict

from churn_serving.backend.settings import BackendSettings, OptionalPort, Port


class PredictorSettings(BackendSettings):
    """Environment ``CHURN_PREDICTOR_<NAME>``, or flags."""

    model_config = SettingsConfigDict(env_prefix="CHURN_PREDICTOR_", cli_prog_name="python -m churn_serving.predictor")

    http_port: Port = 8082
    """V2 over HTTP, and KServe's own routes."""
    grpc_port: OptionalPort = Field(default=8083, validate_default=True)
    """V2 over gRPC, in the clear; 0 switches it off, as it must be with a certificate."""
    metrics_port: OptionalPort = 9091
    """Prometheus metrics; 0 switches them off."""

    @field_validator("grpc_port")
    @classmethod
    def _nothing_in_the_clear_beside_tls(cls, port: int, others: ValidationInfo) -> int:
        if port and others.data.get("tls_certificate") is not None:
            raise PydanticCustomError("clear", "gRPC speaks no TLS here; beside a certificate 0 has to switch it off")
        return port
