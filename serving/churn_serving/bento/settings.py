"""Settings of the fallback."""

from pathlib import Path

from pydantic_settings import SettingsConfigDict

from churn_serving.backend.settings import BackendSettings, OptionalPort, Port


class BentoSettings(BackendSettings):
    """Environment ``CHURN_BENTO_<NAME>``, or flags."""

    model_config = SettingsConfigDict(env_prefix="CHURN_BENTO_", cli_prog_name="python -m churn_serving.bento")

    port: Port = 8084
    """V2 over HTTP, and BentoML's own routes."""
    metrics_port: OptionalPort = 9092
    """Prometheus metrics; 0 switches them off."""


def bento_environment(home: Path) -> dict[str, str]:
    """What BentoML reads from the environment when it is imported: it keeps its files in our folder, phones nobody."""
    return {"BENTOML_HOME": str(home.absolute() / "bentoml"), "BENTOML_DO_NOT_TRACK": "True"}
