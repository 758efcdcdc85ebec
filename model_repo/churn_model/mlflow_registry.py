"""MLflow as the model registry: the one module that imports it.

A package's folder is the MLflow model's folder, file by file: what was signed is what MLflow stores, serves to KServe
and gives back. Nothing is pickled. On a hot path this module must not be imported; it costs seconds and 170 MB.
"""

import hashlib
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Must stand before the import, which would otherwise report the use of MLflow to its makers over the network.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

from churn_model.errors import RegistryError
from churn_model.first_opening import in_turn
from churn_model.loading import without_collecting

with without_collecting():
    import mlflow
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel
    from mlflow.entities.model_registry import ModelVersion
    from mlflow.exceptions import MlflowException
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from churn_model.mlflow_champions import Champions
from churn_model.mlflow_model import metrics_of, mlmodel_of
from churn_model.package import PackageContents, write_package
from churn_model.registry import Registered, VersionNotes
from churn_model.signing import SigningKey

DIGEST_TAG = "churn.digest"
ATTEMPTS = 3
_PAGE = 200


def connect(tracking_uri: str) -> MlflowClient:
    """A client of this tracking server and registry, made quiet.

    It also becomes MLflow's process-wide address, because MLflow resolves `models:/` addresses by that one alone.
    """
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")  # else two lines a run that ends
    with translated("connect"), in_turn(tracking_uri):
        mlflow.set_tracking_uri(tracking_uri)
        mlflow.set_registry_uri(tracking_uri)
        return MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)


class MlflowRegistry:
    """The port `Registry` on MLflow; who is champion is kept by `Champions`."""

    def __init__(self, client: MlflowClient) -> None:
        self._client = client
        self._champions = Champions(client)

    def register(
        self, contents: PackageContents, key: SigningKey, run_id: str, notes: VersionNotes | None = None
    ) -> Registered:
        """Store a complete, signed package as a new version that belongs to a run.

        The version stands inside the signed manifest, so it is predicted; should somebody else take that number in
        between, the version is deleted and made again.

        Raises:
            RegistryError: the registry refused; no version exists then.
            SchemaMismatch: the contents contradict each other.
        """
        notes = notes or VersionNotes()
        with translated("register"), self._registered_model(contents.name, notes.about):
            expected = max((int(version.version) for version in self._versions(contents.name)), default=0) + 1
            for _ in range(ATTEMPTS):
                made, digest = self._store(contents, key, run_id, str(expected), notes)
                given = int(made.version)
                if given == expected:
                    return self._registered(made, digest)
                self._client.delete_model_version(contents.name, made.version)
                expected = given + 1
        raise RegistryError(f"{contents.name}: the registry gave another version than expected {ATTEMPTS} times")

    def champion(self, name: str) -> Registered | None:
        """The version that was made champion last, None if there is none yet; an alias that somebody else moved is not
        followed (:meth:`astray`)."""
        with translated(name):
            history = self._champions.history(name)
        return self.by_version(name, history[-1]) if history else None

    def astray(self, name: str) -> str | None:
        """The version that MLflow's alias `champion` names without having been promoted; None if all is well."""
        with translated(name):
            return self._champions.astray(name)

    def by_version(self, name: str, version: str) -> Registered:
        """One version.

        Raises:
            RegistryError: no such version; names those that there are.
        """
        with translated(f"{name} version {version[:40]}"):
            found = {str(each.version): each for each in self._versions(name)}
            if version in found:
                return self._registered(found[version])
        raise RegistryError(f"{name}: there is no version {version[:40]!r} ({_listed(list(found))})")

    def versions(self, name: str) -> list[Registered]:
        """All versions, newest first; none when the model is not known."""
        with translated(name):
            found = sorted(self._versions(name), key=lambda version: -int(version.version))
            return [self._registered(version) for version in found]

    def promote(self, name: str, version: str) -> Registered:
        """Make a version champion and remember the former ones; nothing changes if it already is, but that the alias is
        put where it belongs.

        Raises:
            RegistryError: no such version.
        """
        wanted = self.by_version(name, version)
        with translated(f"promote {name}"):
            others = [each for each in self._champions.history(name) if each != wanted.version]
            self._champions.keep(name, [*others, wanted.version])
        return wanted

    def rollback(self, name: str) -> Registered:
        """Make the champion before the present one champion; a second rollback goes further back. Where somebody else
        moved the alias, it is put back and nothing else.

        Raises:
            RegistryError: there was no former champion.
        """
        with translated(f"roll {name} back"):
            history, astray = self._champions.history(name), self._champions.astray(name)
            kept = history if astray else history[:-1]
            if not kept:
                raise RegistryError(f"{name}: there is no former champion to go back to")
            self._champions.keep(name, kept)
        return self.by_version(name, kept[-1])

    def fetch(self, registered: Registered, directory: Path) -> Path:
        """Download a version's package into `directory`, which must not exist; it appears whole or not at all.

        Raises:
            RegistryError: the folder exists, or the artifacts cannot be read.
        """
        if directory.exists():
            raise RegistryError(f"{directory}: exists already")
        directory.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=directory.parent, prefix=".fetch-") as folder:
            download = Path(folder) / "package"
            self._download(registered.uri, download)
            download.rename(directory)
        return directory

    def _store(
        self, contents: PackageContents, key: SigningKey, run_id: str, version: str, notes: VersionNotes
    ) -> tuple[ModelVersion, str]:
        experiment = self._client.get_run(run_id).info.experiment_id
        logged = self._client.create_logged_model(experiment, name=contents.name, source_run_id=run_id)
        with self._complete_or_failed(logged), tempfile.TemporaryDirectory() as folder:
            package = Path(folder) / "package"
            digest = write_package(package, contents, version, key, mlmodel_of(logged, run_id, contents, notes))
            self._client.log_model_artifacts(logged.model_id, str(package))
            self._require_same_bytes(logged, package, Path(folder) / "check")
            if notes.metrics:
                self._client.log_batch(run_id, metrics=metrics_of(logged, contents, notes))
        figures = {f"churn.{name}": f"{value:.4f}" for name, value in notes.metrics.items()}
        made = self._client.create_model_version(
            contents.name,
            f"models:/{logged.model_id}",
            run_id,
            tags={DIGEST_TAG: digest, **figures},
            description=notes.description or None,
            model_id=logged.model_id,
            await_creation_for=60,
        )
        return made, digest

    @contextmanager
    def _complete_or_failed(self, logged: LoggedModel) -> Iterator[None]:
        try:
            yield
        except BaseException:  # Ctrl-C too must not leave a model that looks as if it were still on its way.
            self._client.finalize_logged_model(logged.model_id, "FAILED")
            self._client.delete_logged_model(logged.model_id)
            raise
        self._client.finalize_logged_model(logged.model_id, "READY")

    @contextmanager
    def _registered_model(self, name: str, about: str) -> Iterator[None]:
        """Make sure the name exists; if nothing came of it, a name made here goes again."""
        known = bool(self._client.search_registered_models(f"name = '{name}'"))
        if not known:
            self._client.create_registered_model(name, description=about or None)
        try:
            yield
        except BaseException:  # As above.
            if not known:
                self._client.delete_registered_model(name)
            raise

    def _require_same_bytes(self, logged: LoggedModel, package: Path, scratch: Path) -> None:
        self._download(logged.artifact_location, scratch)
        if _digests(scratch) != _digests(package):
            raise RegistryError(f"model {logged.model_id}: the artifact store holds other bytes than were written")

    def _download(self, uri: str, folder: Path) -> None:
        folder.mkdir()
        with translated("download"):
            get_artifact_repository(uri).download_artifacts("", dst_path=str(folder))  # type: ignore[no-untyped-call]
        if not any(folder.iterdir()):
            shutil.rmtree(folder)
            raise RegistryError(f"{uri}: no artifacts there")

    def _versions(self, name: str) -> list[ModelVersion]:
        found: list[ModelVersion] = []
        token: str | None = None
        while True:
            page = self._client.search_model_versions(f"name = '{name}'", max_results=_PAGE, page_token=token)
            found.extend(page)
            token = page.token
            if not token:
                return found

    def _registered(self, version: ModelVersion, digest: str | None = None) -> Registered:
        uri = self._client.get_model_version_download_uri(version.name, version.version)
        return Registered(version.name, str(version.version), digest or version.tags.get(DIGEST_TAG, ""), uri)


def _listed(versions: list[str]) -> str:
    return f"there are {', '.join(sorted(versions, key=int)[-20:][::-1])}" if versions else "there is none yet"


def _digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@contextmanager
def translated(what: str) -> Iterator[None]:
    """MLflow's errors as ours, on one line."""
    try:
        yield
    except MlflowException as error:
        reason = str(error).split("\n")[0][:200]
        raise RegistryError(f"MLflow, {what}: {reason}") from error
