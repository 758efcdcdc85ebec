"""Where this machine keeps its models: the `.churn` folder (environment CHURN_HOME) and the tracking server beside it.

Only paths and addresses; it must not open a registry or import a vendor library.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Home:
    """Paths of the local state, and where MLflow keeps its runs."""

    path: Path
    tracking_uri: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Home":
        """CHURN_HOME (default `.churn` in the working directory) and CHURN_TRACKING_URI (default SQLite in it)."""
        path = Path(environment.get("CHURN_HOME") or ".churn").absolute()
        return cls(path, environment.get("CHURN_TRACKING_URI") or f"sqlite:///{path / 'mlflow.db'}")

    @property
    def artifacts(self) -> Path:
        """Folder of MLflow's artifacts when the tracking store is local."""
        return self.path / "artifacts"

    @property
    def signing_key(self) -> Path:
        """Ed25519 private key that signs packages."""
        return self.path / "keys" / "signing.pem"

    @property
    def verify_key(self) -> Path:
        """The public half, for whoever serves."""
        return self.path / "keys" / "verify.pem"

    @property
    def data(self) -> Path:
        """Folder of simulated customers made on the way."""
        return self.path / "data"

    def packages(self, model_name: str) -> Path:
        """Folder of one model's exported versions and its `champion` link."""
        return self.path / "packages" / model_name
