"""`churn up`: a champion first, trained only if need be, then the servers of this machine in this very process.

The serving side is another package: it is started as a program and never imported.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from churn_cli.arguments.up import SERVER
from churn_cli.terminal import say
from churn_cli.training_command import train_and_export
from churn_cli.training_summary import reason_of, summary
from churn_data.errors import Failure
from churn_data.files import file_sha256
from churn_data.local_files import local_copy
from churn_data.locations import Location
from churn_data.usecase_digest import usecase_sha256
from churn_model.usecase import UseCase, load_usecase
from churn_training.packaging.declined import Declined, read_declined
from churn_training.packaging.exported import Exported, read_exported
from churn_training.packaging.home import Home

if TYPE_CHECKING:
    from churn_training.comparison.decision import Promotion

CHECK = "--check"
"""Of the servers: look at the settings, start nothing, print as JSON what each would serve at which address."""


def run(options: argparse.Namespace) -> None:
    """Make sure that a champion is exported, then become the server process."""
    home = Home.from_environment()
    usecase = load_usecase(options.usecase)
    if CHECK in options.rest:
        _require_servable(home.packages(usecase.model_name), options)
        return
    data_sha256 = _sha256(options.data) if options.data is not None else None
    folder = home.packages(usecase.model_name)
    exported = read_exported(folder) or _export_known(usecase, home)
    reason = _reason_to_train(options, usecase, exported, data_sha256)
    declined = read_declined(folder)
    if reason and exported and declined and _tried(declined, options, usecase, exported, data_sha256):
        say(
            f"serving {exported.name} version {exported.version} as before: a model of these customers was trained and "
            f"declined already (--retrain trains another): {declined.reason}"
        )
    elif reason:
        served_at = _require_servable(folder, options)
        say(f"training: {reason}")
        # Whoever starts a server wants one; it does not replace a champion without being better.
        promotion: Promotion = "always" if options.force_promote else "served"
        result = train_and_export(options, home, promotion, _port(served_at.get("mlflow", "")))
        say(summary(result))
        if exported is None and not result["champion"]:
            raise Failure(f"nothing is served: {reason_of(result['gate'])}")
        if exported is not None and not result["champion"]:
            say(f"serving {exported.name} version {exported.version} as before: {reason_of(result['gate'])}")
    elif exported:
        people = "simulated customers" if exported.simulated else "customers"
        say(f"reusing {exported.name} version {exported.version}, trained on {people} of {exported.data_source}")
    _become_server(folder, options)


def _sha256(data: Location) -> str:
    with local_copy(data) as path:
        return file_sha256(path)


def _reason_to_train(
    options: argparse.Namespace, usecase: UseCase, exported: Exported | None, data_sha256: str | None
) -> str | None:
    """Why the champion there is will not do, None if it will."""
    if exported is None:
        return "there is no champion yet"
    if options.retrain:
        return "asked for by --retrain"
    if data_sha256 not in (None, exported.data_sha256):
        return "the champion was trained on other data"
    if exported.usecase_sha256 not in ("", usecase_sha256(usecase)):
        if options.data is not None or exported.simulated:
            return "the use case has changed since the champion was trained"
        say("the use case has changed since the champion was trained; give --data to train it anew")
    return None


def _tried(
    declined: Declined, options: argparse.Namespace, usecase: UseCase, exported: Exported, data_sha256: str | None
) -> bool:
    """Whether a training of the very same would be held against the very same champion again."""
    same_customers = data_sha256 is None or data_sha256 == declined.data_sha256
    same_terms = (exported.version, usecase_sha256(usecase)) == (declined.champion, declined.usecase_sha256)
    return same_customers and same_terms and not options.retrain and not options.force_promote


def _export_known(usecase: UseCase, home: Home) -> Exported | None:
    """The registry's champion, exported now; None if the registry has none. A new home is not asked."""
    if home.tracking_uri.startswith("sqlite:") and not (home.path / "mlflow.db").exists():
        return None
    # MLflow takes seconds to import and is not needed where the champion is exported already.
    from churn_model.mlflow_registry import MlflowRegistry, connect
    from churn_training.packaging.exporting import export_champion
    from churn_training.runs.model_cards import put_beside

    client = connect(home.tracking_uri)
    registry = MlflowRegistry(client)
    if registry.champion(usecase.model_name) is None:
        return None
    exported = export_champion(registry, usecase.model_name, home)
    put_beside(client, exported.name, exported.version, home.packages(exported.name))
    return exported


def _require_servable(folder: Path, options: argparse.Namespace) -> dict[str, str]:
    """The addresses of what the servers would serve over HTTP with a champion, by its name: what can be refused is
    refused before a training."""
    asked = [*_server(folder, options), CHECK]
    ended = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 - as below
    if ended.returncode:
        lines = ended.stderr.strip().splitlines() or ["the servers cannot be started"]
        raise Failure(_with_hint(lines[-1].removeprefix("churn up: "), options), ended.returncode)
    served_at: dict[str, str] = json.loads(ended.stdout)
    return served_at


def _port(address: str) -> str:
    return str(urlsplit(address).port or "")


def _with_hint(line: str, options: argparse.Namespace) -> str:
    """The servers know of no option of a training, so they cannot tell which one was meant."""
    unknown = re.fullmatch(r"there is no option (\S+); --help lists what there is", line)
    hint = options.hint_for(unknown[1]) if unknown else ""
    return f"there is no option {unknown[1]}{hint}" if unknown and hint else line


def _server(folder: Path, options: argparse.Namespace) -> list[str]:
    return [sys.executable, "-m", SERVER, "--model", str(folder), "--usecase", str(options.usecase), *options.rest]


def _become_server(folder: Path, options: argparse.Namespace) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    command = _server(folder, options)
    os.execv(sys.executable, command)  # noqa: S606 - the program is this interpreter, the arguments are the user's own
