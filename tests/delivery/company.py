"""What tests of delivery ask of a company: its checkouts, its git server's branches, its registry's versions."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from churn_model.mlflow_registry import DIGEST_TAG
from git_server import USER, GitHost, git

if TYPE_CHECKING:
    from mlflow import MlflowClient

REASON = "version 1 stays: The log loss is higher by 0.0123"


@dataclass
class Company:
    """`checkout` is where commands run; `server` the bare repository."""

    host: GitHost
    folder: Path

    @property
    def checkout(self) -> Path:
        return self.folder / "checkout"

    @property
    def server(self) -> Path:
        return self.host.folder / "platform.git"

    def clone(self, name: str) -> Path:
        """A checkout of somebody, which names the server without any password."""
        target = self.folder / name
        git("clone", "--quiet", str(self.server), str(target), folder=self.folder)
        git("remote", "set-url", "origin", self.host.address("platform", USER), folder=target)
        return target

    def main(self) -> str:
        """The commit of the server's branch."""
        return git("rev-parse", "main", folder=self.server)

    def branches(self) -> list[str]:
        return git("for-each-ref", "--format", "%(refname:short)", "refs/heads", folder=self.server).splitlines()

    def served(self, environment: str, commit: str = "main") -> str:
        """The text of an environment's model file, as the server has it."""
        return git("show", f"{commit}:manifests/envs/{environment}/model.yaml", folder=self.server)

    def state(self) -> tuple[str, ...]:
        """Everything that a refused command must leave as it was, here and at the server."""
        words = (("rev-parse", "HEAD"), ("status", "--porcelain=v2"), ("diff",), ("diff", "--cached"))
        here = [git(*each, folder=self.checkout) for each in words]
        return (*here, git("for-each-ref", folder=self.server))

    def write(self, path: str, text: str, folder: Path | None = None) -> None:
        (folder or self.checkout).joinpath(path).write_text(text)

    def commit(self, path: str, text: str, folder: Path | None = None) -> None:
        """Change a file by a commit; `push` brings it to the server."""
        place = folder or self.checkout
        self.write(path, text, place)
        git("add", path, folder=place)
        git("commit", "--quiet", "--message", f"Change {path}", folder=place)

    def push(self, folder: Path | None = None) -> None:
        """Straight into the server's folder, since this is not what is tested."""
        place = folder or self.checkout
        git("push", "--quiet", str(self.server), "HEAD:main", folder=place)
        git("update-ref", "refs/remotes/origin/main", "HEAD", folder=place)

    def forget(self, folder: Path) -> None:
        shutil.rmtree(folder)


@dataclass
class Shelf:
    """A registered model in MLflow. Its versions are as training registers them but for the bytes of their packages,
    which promotion by commit does not read: they are in an object storage that is not here."""

    client: "MlflowClient"
    name: str = "churn-telecom"
    location: str = "s3://churn-models/1"
    digests: list[str] = field(default_factory=list)

    def add(self, *, passed: bool) -> str:
        client = self.client
        if not self.digests:
            client.create_registered_model(self.name)
            client.create_experiment(self.name, artifact_location=self.location)
        experiment = client.get_experiment_by_name(self.name)
        assert experiment is not None
        run = client.create_run(experiment.experiment_id).info.run_id
        logged = client.create_logged_model(experiment.experiment_id, name=self.name, source_run_id=run)
        client.finalize_logged_model(logged.model_id, "READY")
        number = len(self.digests) + 1
        digest = f"sha256:{number:064x}"
        tags = {
            DIGEST_TAG: digest,
            "churn.log_loss": f"0.4{number}10",
            "churn.roc_auc": f"0.84{number}0",
            "churn.gate": "promoted: it is better" if passed else f"not promoted: {REASON}",
            "churn.gate.passed": "yes" if passed else "no",
            "churn.gate.against": "none" if number == 1 else "1",
        }
        source = f"models:/{logged.model_id}"
        made = client.create_model_version(self.name, source, run, tags=tags, model_id=logged.model_id)
        self.digests.append(digest)
        return str(made.version)

    def run_of(self, version: str) -> str:
        return str(self.client.get_model_version(self.name, version).run_id)
