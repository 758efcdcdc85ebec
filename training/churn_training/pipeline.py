"""The training run: compare, fit, measure, package, register, promote.

The order is the safety: a version is registered only when its package is complete, and promoted only after that.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy

from churn_model.encoding import Encoder
from churn_model.estimators import load_estimator, sigmoid
from churn_model.mlflow_registry import MlflowRegistry, connect
from churn_model.registry import Registered
from churn_model.scorecard import Scorecard
from churn_training.candidates import Candidate, default_candidates
from churn_training.competition import Result, compete, winner
from churn_training.compilation import Compiled, compile_model, contents_of
from churn_training.dataset import Dataset, rows_of
from churn_training.evaluation import evaluate
from churn_training.home import Home
from churn_training.keys import signing_key
from churn_training.plots import draw_curves
from churn_training.progress import Reporter, reporting
from churn_training.splits import FOLDS, holdout
from churn_training.tracking import Run, experiment_of, open_run


@dataclass(frozen=True)
class Outcome:
    """What a training run came to. `metrics` were measured on held-out customers; `promoted` says whether the new
    version is champion now."""

    registered: Registered
    promoted: bool
    winner: str
    metrics: dict[str, float]
    candidates: dict[str, dict[str, float]]
    run_id: str


@dataclass(frozen=True)
class _Fitted:
    compiled: Compiled
    metrics: dict[str, float]
    churned: numpy.ndarray
    probabilities: numpy.ndarray


def train(
    dataset: Dataset,
    home: Home,
    *,
    seed: int = 0,
    promote: bool = True,
    candidates: Sequence[Candidate] | None = None,
    parts: int = FOLDS,
) -> Outcome:
    """Train on these customers and register the best candidate.

    Args:
        dataset: labelled customers.
        home: where keys and the local registry are.
        seed: of splits and models; the same data and seed give the same model.
        promote: make the new version champion.
        candidates: families to compare, by default `default_candidates()`.
        parts: folds of the cross-validation; one part in as many is held out for the final measure.

    Raises:
        DataError: the customers are too few or too alike.
        RegistryError: MLflow refused; the registry is as before.
    """
    candidates = candidates or default_candidates()
    split = holdout(dataset, seed, parts)
    with reporting(len(candidates) * parts + 3) as reporter:
        reporter.now("opening MLflow")
        client = connect(home.tracking_uri)
        experiment = experiment_of(client, dataset.usecase.model_name, home)
        with open_run(client, experiment, f"train {dataset.source.name}", _tags(dataset)) as run:
            return _train_in_run(dataset, split, candidates, _Settings(home, seed, promote, parts), run, reporter)


@dataclass(frozen=True)
class _Settings:
    home: Home
    seed: int
    promote: bool
    parts: int


def _train_in_run(
    dataset: Dataset,
    split: tuple[numpy.ndarray, numpy.ndarray],
    candidates: Sequence[Candidate],
    settings: _Settings,
    run: Run,
    reporter: Reporter,
) -> Outcome:
    training, held_out = dataset.take(split[0]), dataset.take(split[1])
    run.parameters(
        {"seed": settings.seed, "folds": settings.parts, "training_rows": len(training), "holdout_rows": len(held_out)}
    )
    results = [_compete_in_run(training, candidate, settings, run, reporter) for candidate in candidates]
    best = winner(results)
    with tempfile.TemporaryDirectory() as folder:
        reporter.now(f"fitting the best, {best.candidate.title}, and packaging it")
        fitted = _fit(training, held_out, best, settings.seed, Path(folder))
        run.metrics(fitted.metrics)
        run.tags({"churn.winner": best.candidate.name})
        _store_curves(run, held_out, fitted.churned, fitted.probabilities, "holdout")
        reporter.advance()
        reporter.now("registering")
        registry = MlflowRegistry(run.client)
        contents = contents_of(fitted.compiled, training, fitted.metrics, settings.seed)
        registered = registry.register(contents, signing_key(settings.home), run.id)
        reporter.advance()
    if settings.promote:
        registry.promote(registered.name, registered.version)
    run.tags({"churn.version": registered.version, "churn.digest": registered.digest})
    measured = {result.candidate.name: result.metrics for result in results}
    return Outcome(registered, settings.promote, best.candidate.name, fitted.metrics, measured, run.id)


def _compete_in_run(
    training: Dataset, candidate: Candidate, settings: _Settings, parent: Run, reporter: Reporter
) -> Result:
    tags = _tags(training)
    with open_run(parent.client, parent.experiment, candidate.name, tags, parent) as run:
        run.parameters({"family": candidate.kind, "seed": settings.seed, **candidate.parameters})
        result = compete(training, candidate, settings.seed, reporter, settings.parts)
        run.metrics(result.metrics)
        _store_curves(run, training, training.churned, result.probabilities, candidate.title)
    profit, auc = result.metrics["profit"], result.metrics["roc_auc"]
    reporter.note(f"{candidate.title}: profit per customer {profit:.3f}, ROC AUC {auc:.4f}")
    return result


def _fit(training: Dataset, held_out: Dataset, best: Result, seed: int, folder: Path) -> _Fitted:
    pipeline = best.candidate.build(training.categories, seed).fit(training.frame, training.churned)
    compiled = compile_model(pipeline, best.candidate, training, folder, seed)
    probabilities, stand_in = _held_out_answers(compiled, held_out)
    rule = held_out.usecase.profit
    metrics = evaluate(held_out.churned, probabilities, rule)
    scorecard = evaluate(held_out.churned, stand_in, rule)
    metrics |= {f"scorecard_{name}": value for name, value in scorecard.items()}
    metrics |= {f"cv_{name}": value for name, value in best.metrics.items()}
    return _Fitted(compiled, metrics, held_out.churned, probabilities)


def _held_out_answers(compiled: Compiled, held_out: Dataset) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Probabilities of the compiled model and of its scorecard: what is measured is what will be served."""
    encoder = Encoder.from_json(compiled.encoder, compiled.schema)
    encoded = encoder.encode(rows_of(held_out.frame))
    features = len(compiled.schema.features)
    raw = load_estimator(compiled.kind, compiled.estimator_file.read_bytes(), features).raw(encoded)
    stand_in = Scorecard.from_json(compiled.scorecard, features).probabilities(encoded)
    return numpy.array([sigmoid(value) for value in raw]), numpy.array(stand_in)


def _store_curves(run: Run, dataset: Dataset, churned: numpy.ndarray, probabilities: numpy.ndarray, title: str) -> None:
    people = "simulated customers" if dataset.source.simulated else "customers"
    with tempfile.TemporaryDirectory() as folder:
        draw_curves(churned, probabilities, dataset.usecase.profit, f"{title}, {len(churned)} {people}", Path(folder))
        run.files(Path(folder), "curves")


def _tags(dataset: Dataset) -> dict[str, str]:
    """Where the data came from, for every run; a file's name without its folder."""
    source = dataset.source
    return {
        "churn.usecase": dataset.usecase.name,
        "churn.data_source": source.name,
        "churn.data_sha256": source.sha256,
        "churn.data_kind": "simulated" if source.simulated else "real",
    }
