"""Settings of the primary."""

from pydantic_settings import SettingsConfigDict

from churn_serving.backend.settings import BackendSettings, OptionalPort, Port


class PredictorSettings(BackendSettings):
    """Environment ``CHURN_PREDICTOR_<NAME>``, or flags."""

    model_config = SettingsConfigDict(env_prefix="CHURN_PREDICTOR_", cli_prog_name="python -m churn_serving.predictor")

    http_port: Port = 8082
    """V2 over HTTP, and KServe's own routes."""
    grpc_port: OptionalPort = 8083
    """V2 over gRPC; 0 switches it off."""
    metrics_port: OptionalPort = 9091
    """Prometheus metrics; 0 switches them off."""
