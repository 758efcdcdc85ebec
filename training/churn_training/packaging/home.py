"""Where this machine keeps its models: the `.churn` folder (environment CHURN_HOME) and the tracking server beside it.

Only paths and addresses; it must not open a registry or import a vendor library. In a cluster the keys come from
outside: CHURN_SIGNING_KEY and CHURN_VERIFY_KEY name their files.
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
    given_signing_key: Path | None = None
    given_verify_key: Path | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Home":
        """CHURN_HOME (default `.churn` in the working directory) and CHURN_TRACKING_URI (default SQLite in it)."""
        path = Path(environment.get("CHURN_HOME") or ".churn").absolute()
        return cls(
            path,
            environment.get("CHURN_TRACKING_URI") or f"sqlite:///{path / 'mlflow.db'}",
            _file(environment.get("CHURN_SIGNING_KEY"), path / "keys" / "signing.pem"),
            _file(environment.get("CHURN_VERIFY_KEY"), path / "keys" / "verify.pem"),
        )

    @property
    def is_local(self) -> bool:
        """Whether MLflow's store is a database file and not a server elsewhere."""
        return self.tracking_uri.startswith("sqlite:")

    @property
    def artifacts(self) -> Path:
        """Folder of MLflow's artifacts when the tracking store is local."""
        return self.path / "artifacts"

    @property
    def signing_key(self) -> Path:
        """Ed25519 private key that signs packages."""
        return self.given_signing_key or self.path / "keys" / "signing.pem"

    @property
    def verify_key(self) -> Path:
        """The public half, for whoever serves."""
        return self.given_verify_key or self.path / "keys" / "verify.pem"

    @property
    def data(self) -> Path:
        """Folder of simulated customers made on the way."""
        return self.path / "data"

    def packages(self, model_name: str) -> Path:
        """Folder of one model's exported versions and its `champion` link."""
        return self.path / "packages" / model_name


def _file(given: str | None, usual: Path) -> Path | None:
    """The file that was named, None if that is the one in the home folder anyway."""
    return Path(given) if given and Path(given).absolute() != usual else None
