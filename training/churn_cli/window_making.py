"""Makes a window as options say, for `churn window` and `churn retrain`: features, keys, files of arms.

It must not decide who is in a window.
"""

import argparse
from contextlib import ExitStack
from pathlib import Path

from churn_cli.log_actions import places_of
from churn_cli.terminal import say
from churn_data.errors import DataError
from churn_data.local_files import local_copy
from churn_data.progress import reporting
from churn_model.mlflow_registry import MlflowRegistry, connect
from churn_model.prediction_log.pseudonyms import read_pseudonym_keys
from churn_model.usecase import UseCase
from churn_monitoring.outcomes.database import Limits
from churn_monitoring.outcomes.question import horizon_days
from churn_monitoring.outcomes.window import Touched, Window, WindowAsked, require_kept, write_window
from churn_monitoring.prediction_log.store import Store
from churn_training.comparison.champion_contest import fetch_champion
from churn_training.packaging.home import Home
from churn_training.packaging.keys import trusted_keys
from churn_training.runs.tracking_server import wait_for_server


def make_window(path: Path, options: argparse.Namespace, usecase: UseCase, months: int) -> Window:
    """Write a window to a file and say what is in it.

    Raises:
        DataError, UseCaseError, RegistryError, Unavailable: one line each.
    """
    features = _features(usecase)
    require_kept(usecase, features)
    places = places_of(options)
    with ExitStack() as stack:
        files = [stack.enter_context(local_copy(place)) for place in options.arms]
        touched = Touched(files, read_pseudonym_keys(places.keys)) if files else Touched()
        horizon = horizon_days(*options.horizon) if options.horizon else None
        reporter = stack.enter_context(reporting())
        reporter.now("joining answers and outcomes")
        asked = WindowAsked(features, months, options.as_of, horizon, touched)
        return write_window(path, usecase, Store(places.store), asked, Limits(options.memory, options.threads))


def _features(usecase: UseCase) -> tuple[str, ...]:
    """What a model is made of: the features that the use case lists, or those of the champion where it lists none."""
    if usecase.features:
        return tuple(each.name for each in usecase.features)
    home = Home.from_environment()
    wait_for_server(home, say)
    champion = fetch_champion(MlflowRegistry(connect(home.tracking_uri)), usecase.model_name, trusted_keys(home))
    if champion.package is None:
        problem = f"lists no features, and there is no champion whose they could be ({champion.problem})"
        raise DataError(f"use case {usecase.name}", problem)
    schema = champion.package.manifest.schema
    dates = [each.name for each in schema.features if each.date]
    if dates:
        problem = "of dates the prediction log keeps days before a snapshot, of which no window can be made"
        raise DataError(f"use case {usecase.name}", f"{problem}: {', '.join(dates)}")
    return tuple(schema.names)
