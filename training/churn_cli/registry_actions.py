"""What `churn registry` does: packages below a place go in, versions in MLflow come out.

It must not decide what is registered: the plan does, by what packages and environments say.
"""

import argparse
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from churn_cli.environment_actions import SERVER_SECONDS, place_of
from churn_cli.terminal import answer, say, show
from churn_data.errors import DataError, Failure
from churn_data.locations import Location, location
from churn_data.progress import Reporter, reporting
from churn_delivery.model_file import ServedModel
from churn_delivery.overview import served_by
from churn_model.mlflow_registry import connect, translated
from churn_model.signing import TrustedKeys
from churn_training.packaging.home import Home
from churn_training.packaging.keys import trusted_keys
from churn_training.runs.artifact_tree import artifact_tree
from churn_training.runs.rebuild import carry_out, known_model
from churn_training.runs.rebuild_plan import KnownModel, Plan, plan_for
from churn_training.runs.stored_packages import (
    RefusedPackage,
    StoredPackage,
    is_of_mlflow,
    is_package,
    open_stored,
)
from churn_training.runs.tracking_server import wait_for_server

if TYPE_CHECKING:
    from mlflow import MlflowClient

_NOT_KEPT = (
    "not restored, since artifacts do not hold it: runs with their parameters and curves (their files stay), "
    "promotions and rollbacks by hand, orders that overruled the gate later; what was deleted in MLflow alone is back"
)
_UNSIGNED = "what the gate said is as the files of the runs say it, which are not signed"


def rebuild(options: argparse.Namespace) -> dict[str, Any]:
    """Register every package below the artifacts again that MLflow does not have.

    Raises:
        DataError, DeliveryError: the artifacts or the environment cannot be read.
        RegistryError, Unavailable: MLflow refuses, or does not answer.
        Failure: something could not be restored; everything else is.
    """
    home = Home.from_environment()
    served = served_by(place_of(options), options.environment) if options.environment else []
    trusted = trusted_keys(home)
    wait_for_server(home, say, SERVER_SECONDS)
    client = connect(home.tracking_uri)
    root = options.artifacts or _artifacts_of(client, home)
    with reporting(0, verbose=False) as reporter:
        packages, refused = _read(root, trusted, reporter)
        with translated("rebuild"):
            plans = _plans(client, packages, refused, served)
            if not options.dry_run:
                _carry_out(client, plans, reporter)
    problems = [f"{each.uri}: {each.problem}" for each in refused]
    problems += [problem for plan in plans for problem in plan.problems]
    result = _result(root, packages, plans, problems, dry_run=options.dry_run)
    show("\n".join(_lines(result, plans, served, options)), options)
    if result["problems"]:
        if options.json:
            answer(json.dumps(result))
        raise Failure(f"{root}: not all of it could be restored; what could not is named above")
    return result


def _artifacts_of(client: "MlflowClient", home: Home) -> Location:
    """Where this MLflow keeps artifacts: its first experiment has a folder there, named by the number."""
    if home.is_local:
        return home.artifacts
    with translated("rebuild"):
        place = str(client.get_experiment("0").artifact_location)
    if not place.startswith("s3://"):
        raise DataError(
            "--artifacts", f"MLflow keeps artifacts at {place}; name them as a folder or s3://bucket/prefix"
        )
    return location(place.removesuffix("/0"))


def _read(root: Location, trusted: TrustedKeys, reporter: Reporter) -> tuple[list[StoredPackage], list[RefusedPackage]]:
    """Every package below the root, proven or refused; what lies where MLflow keeps no models is left out, named."""
    reporter.now(f"looking for packages below {root}")
    tree = artifact_tree(root)
    names = tree.folders()
    packages, refused = [], []
    folders = sorted(folder for folder in names if is_package(folder, names))
    inside = [folder for folder in folders if is_of_mlflow(folder)]
    for folder in sorted({*folders}.difference(inside)):
        reporter.note(f"{tree.address(folder)}: lies where MLflow keeps no models, so it is a copy; left out")
    reporter.expect_more(len(inside))
    for folder in inside:
        reporter.now(f"proving {tree.address(folder)}")
        found = open_stored(tree, folder, names, trusted)
        if isinstance(found, StoredPackage):
            packages.append(found)
        else:
            refused.append(found)
        reporter.advance()
    return packages, refused


def _plans(
    client: "MlflowClient",
    packages: Sequence[StoredPackage],
    refused: Sequence[RefusedPackage],
    served: Sequence[ServedModel],
) -> list[Plan]:
    digests = [each.identity for each in served]
    names = {each.digest: each.name for each in packages}
    of_environment = names.get(digests[-1], served[-1].name or digests[-1]) if served else None
    plans = []
    for name in sorted({*names.values(), *([of_environment] if of_environment else [])}):
        stored = [each for each in packages if each.name == name]
        known = known_model(client, name) if stored or served[-1].name else KnownModel()
        plans.append(plan_for(name, stored, refused, known, digests if name == of_environment else None))
    return plans


def _carry_out(client: "MlflowClient", plans: Sequence[Plan], reporter: Reporter) -> None:
    reporter.expect_more(sum(len(plan.register) + len(plan.gaps) for plan in plans))

    def told(sentence: str) -> None:
        reporter.now(f"registering {sentence}")
        reporter.advance()

    for plan in plans:
        carry_out(client, plan, told)


def _result(
    root: Location, packages: Sequence[StoredPackage], plans: Sequence[Plan], problems: list[str], *, dry_run: bool
) -> dict[str, Any]:
    return {
        "artifacts": str(root),
        "dry_run": dry_run,
        "packages": len(packages),
        "models": [
            {
                "name": plan.name,
                "registered": [
                    {"version": str(each.version), "digest": each.digest, "uri": each.uri, "run": each.run}
                    for each in plan.register
                ],
                "gaps": [str(number) for number in plan.gaps],
                "champions": [str(number) for number in plan.champions],
                "notes": list(plan.notes),
            }
            for plan in plans
        ],
        "problems": problems,
    }


def _lines(
    result: dict[str, Any], plans: Sequence[Plan], served: Sequence[ServedModel], options: argparse.Namespace
) -> list[str]:
    verb = "would be registered" if options.dry_run else "registered"
    lines = [f"{result['artifacts']}: {result['packages']} packages are proven"]
    for plan in plans:
        numbers = ", ".join(str(each.version) for each in plan.register)
        champion = f"; champion: version {plan.champions[-1]}" if plan.champions else ""
        lines.append(f"{plan.name}: {f'{verb}: {numbers}' if numbers else 'nothing is missing'}{champion}")
        lines += [
            f"{plan.name} version {each.version}: what the gate said of it is not kept, so it counts as not judged"
            for each in plan.register
            if each.decision is None
        ]
        lines += plan.notes
    if options.environment and not served:
        lines.append(f"{options.environment} serves the starter model; champions are what trainings promoted")
    lines += result["problems"]
    return [*lines, _UNSIGNED, _NOT_KEPT] if any(plan.register for plan in plans) else lines
