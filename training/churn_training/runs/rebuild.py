"""Registers stored packages again in an MLflow that has lost them, with what was kept beside each version.

A version comes with all its tags in one step, and a number without a package is used up by a version that goes again,
so whoever is killed anywhere is gone on from. What is there is never changed. It must not decide what is registered.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from churn_model.errors import RegistryError
from churn_model.mlflow_champions import CHAMPION, HISTORY_TAG, Champions
from churn_model.mlflow_registry import DIGEST_TAG
from churn_training.runs.gate_tags import gate_tags
from churn_training.runs.rebuild_plan import KnownModel, KnownVersion, Plan
from churn_training.runs.stored_packages import StoredPackage
from churn_training.runs.version_notes import DECIDING, LATER
from churn_training.runs.version_records import MADE, RUN_ARTIFACTS

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

GAP = "churn.gap"
"""Of a version that only uses up a number, and goes at once."""
HIGHEST = "churn.highest_version"
"""Of a registered model: the number that MLflow is known to have given last, where no version shows it."""
_ABOUT = "Registered again from its packages in object storage."
_NOWHERE = "s3://no-package/none"
"""MLflow asks for an address of every version, and looks up what is none of an object."""
_PAGE = 200


def known_model(client: "MlflowClient", name: str) -> KnownModel:
    """What MLflow has of a model; its errors pass."""
    models = client.search_registered_models(f"name = '{name}'")
    if not models:
        return KnownModel()
    versions = list(_versions(client, name))
    real = [each for each in versions if GAP not in each.tags]
    told = str(models[0].tags.get(HIGHEST, ""))
    highest = max((int(each.version) for each in versions), default=0)
    known = tuple(KnownVersion(int(each.version), each.tags.get(DIGEST_TAG, ""), each.run_id or "") for each in real)
    alias = int(models[0].aliases.get(CHAMPION, 0))
    history = Champions(client).history(name) if HISTORY_TAG in models[0].tags else []
    champion = int(history[-1]) if history else alias
    return KnownModel(known, max(highest, int(told) if told.isdecimal() else 0), champion, bool(history))


def carry_out(client: "MlflowClient", plan: Plan, told: Callable[[str], None]) -> None:
    """Register what a plan says, and say who is champion.

    Args:
        client: of MLflow, whose errors pass.
        plan: of one model.
        told: what is being done, a sentence a number.

    Raises:
        RegistryError: somebody else registers versions at the same time.
    """
    if not client.search_registered_models(f"name = '{plan.name}'"):
        if not plan.register:
            return
        client.create_registered_model(plan.name, description=_ABOUT)
    for left in [each for each in _versions(client, plan.name) if GAP in each.tags]:
        _take_away(client, left)
    packages = {each.version: each for each in plan.register}
    for number in sorted({*packages, *plan.gaps}):
        package = packages.get(number)
        told(f"{plan.name}: version {number}" + ("" if package else ", which has no package"))
        made = _register(client, package) if package else _use_up(client, plan.name)
        if package is None or int(made.version) != number:
            _take_away(client, made)
        if int(made.version) != number:
            raise RegistryError(
                f"{plan.name}: MLflow gave number {made.version} where {number} was expected: others register versions "
                "now, or versions were deleted there; run the command again"
            )
    if plan.champions:
        Champions(client).keep(plan.name, [str(number) for number in plan.champions])


def _take_away(client: "MlflowClient", version: "ModelVersion") -> None:
    """First its number is noted: what is deleted shows it no more, and MLflow never gives it again."""
    client.set_registered_model_tag(version.name, HIGHEST, str(version.version))
    client.delete_model_version(version.name, version.version)


def _register(client: "MlflowClient", package: StoredPackage) -> "ModelVersion":
    manifest, data = package.manifest, package.manifest.training_data
    source = f" of {data.source}" if data.source else ""
    description = f"A model of kind {manifest.estimator}, learnt from {data.rows:,} customers{source}. {_ABOUT}"
    return client.create_model_version(
        package.name, package.uri, package.run, tags=tags_of(package), description=description
    )


def tags_of(package: StoredPackage) -> dict[str, str]:
    """What stood beside the version: figures that decided and digest, by its manifest; the gate's word, if it is kept;
    and, since MLflow knows neither of a version that comes back, when it was made and where its run's files are."""
    figures = package.manifest.metrics
    told = {f"churn.{name}": f"{figures[name]:.4f}" for name in (*DECIDING, "cv_log_loss", *LATER) if name in figures}
    gate = gate_tags(package.decision) if package.decision else {}
    kept = {MADE: package.manifest.created[:10], RUN_ARTIFACTS: package.run_artifacts}
    return {DIGEST_TAG: package.digest, **told, **gate, **kept}


def _use_up(client: "MlflowClient", name: str) -> "ModelVersion":
    return client.create_model_version(name, _NOWHERE, tags={GAP: "yes"})


def _versions(client: "MlflowClient", name: str) -> "Iterator[ModelVersion]":
    token: str | None = None
    while True:
        page: Sequence[ModelVersion] = client.search_model_versions(
            f"name = '{name}'", max_results=_PAGE, page_token=token
        )
        yield from page
        token = page.token  # type: ignore[attr-defined]
        if not token:
            return
