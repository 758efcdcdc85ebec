"""The training run: compare, fit, measure, package, register, promote.

The order is the safety: a version is registered only when its package is complete, and promoted only after that and
only if it is better than the champion.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy

from churn_data.dataset import Dataset, rows_of, schema_of
from churn_data.progress import Reporter, reporting
from churn_model.encoding import Encoder
from churn_model.estimators import load_estimator
from churn_model.mlflow_registry import MlflowRegistry, connect
from churn_model.registry import Registered
from churn_model.scorecard import Scorecard
from churn_model.scorer import Scorer
from churn_model.segments import Segmenter
from churn_model.signing import SigningKey, TrustedKeys
from churn_training.comparison.bootstrap import intervals
from churn_training.comparison.champion_contest import Champion, Decision, contest, fetch_champion, milliseconds_of
from churn_training.comparison.comparison import Comparison, Finished, compare, people, record, tags_of
from churn_training.comparison.competition import Result, Search
from churn_training.comparison.evaluation import evaluate
from churn_training.comparison.splits import FOLDS, Split, holdout
from churn_training.families.candidates import Candidate, default_candidates
from churn_training.packaging.compilation import Compiled, compile_model, contents_of
from churn_training.packaging.home import Home
from churn_training.packaging.keys import signing_key, trusted_keys
from churn_training.runs.plots import draw_curves
from churn_training.runs.resumption import close_abandoned
from churn_training.runs.tracking import Run, experiment_of, open_run

Promotion = Literal["gated", "always", "never"]


@dataclass(frozen=True)
class Outcome:
    """What a training run came to. `metrics` were measured on held-out customers; `decision` says whether the new
    version is champion now, and why."""

    registered: Registered
    decision: Decision
    winner: str
    metrics: dict[str, float]
    candidates: dict[str, dict[str, float]]
    rounds: dict[str, int]
    warnings: tuple[str, ...]
    run_id: str

    @property
    def promoted(self) -> bool:
        """Whether the new version is champion now."""
        return self.decision.promoted


@dataclass(frozen=True)
class _Settings:
    key: SigningKey
    trusted: TrustedKeys
    search: Search
    promotion: Promotion
    fresh: bool


@dataclass(frozen=True)
class _Fitted:
    compiled: Compiled
    scorer: Scorer
    finished: Finished
    metrics: dict[str, float]


def train(
    dataset: Dataset,
    home: Home,
    *,
    seed: int = 0,
    promotion: Promotion = "gated",
    candidates: Sequence[Candidate] | None = None,
    parts: int = FOLDS,
    budget: float = 0.0,
    fresh: bool = False,
) -> Outcome:
    """Train on these customers and register the best contender.

    Args:
        dataset: labelled customers.
        home: where keys and the local registry are.
        seed: of splits and models; the same data, seed and number of rounds give the same model.
        promotion: whether the new version becomes champion: if it is better, in any case, or in none.
        candidates: families to compare, by default `default_candidates()`.
        parts: folds of the cross-validation; one part in as many is held out for the final measure.
        budget: seconds for the comparison; 0 measures every family once, at its default settings.
        fresh: evaluate every candidate anew, even one that an earlier run has evaluated in the same way.

    Raises:
        DataError: the customers are too few or too alike.
        KeyFileError, UntrustedPackage: there would be no key to sign with.
        RegistryError: MLflow refused; the registry is as before.
    """
    candidates = candidates or default_candidates()
    split = holdout(dataset, seed, parts)
    key = signing_key(home)
    with reporting(len(candidates) * parts + 3) as reporter:
        reporter.now("opening MLflow")
        client = connect(home.tracking_uri)
        experiment = experiment_of(client, dataset.usecase.model_name, home)
        for closed in close_abandoned(client, experiment):
            reporter.note(f"run {closed} was left open by an earlier pod of this Job; it counts as killed now")
        settings = _Settings(key, trusted_keys(home), Search(seed, parts, budget), promotion, fresh)
        with open_run(client, experiment, f"train {dataset.source.name}", tags_of(dataset)) as run:
            return _train_in_run(dataset, split, candidates, settings, run, reporter)


def _train_in_run(
    dataset: Dataset,
    split: Split,
    candidates: Sequence[Candidate],
    settings: _Settings,
    run: Run,
    reporter: Reporter,
) -> Outcome:
    training, held_out = dataset.take(split[0]), dataset.take(split[1])
    search = settings.search
    run.parameters(
        {
            "seed": search.seed,
            "folds": search.parts,
            "budget_seconds": search.seconds,
            "training_rows": len(training),
            "holdout_rows": len(held_out),
        }
    )
    comparison = compare(training, candidates, search, run, reporter, fresh=settings.fresh)
    registry = MlflowRegistry(run.client)
    champion = fetch_champion(registry, training.usecase.model_name, settings.trusted)
    with tempfile.TemporaryDirectory() as folder:
        reporter.now(f"fitting the best, {comparison.best.contender.title}, and packaging it")
        fitted = _fit(training, held_out, comparison.best, search.seed, Path(folder), champion)
        run.metrics(fitted.metrics)
        run.tags({"churn.winner": comparison.best.contender.name})
        _store_curves(run, fitted.finished)
        for line in fitted.compiled.warnings:
            reporter.note(line)
        reporter.advance()
        reporter.now("comparing it with the champion")
        decision = _decide(champion, fitted, search.seed, settings.promotion)
        for finding in decision.verdict.findings if decision.verdict else ():
            reporter.note(f"{finding.rule_name}: {'passed' if finding.passed else 'not passed'}. {finding.sentence}")
        record(run, training, comparison, fitted.finished, decision, tuned=search.seconds > 0)
        reporter.now("registering")
        contents = contents_of(fitted.compiled, training, fitted.metrics, search.seed)
        registered = registry.register(contents, settings.key, run.id)
        reporter.advance()
    if decision.promoted:
        registry.promote(registered.name, registered.version)
    run.tags(
        {
            "churn.version": registered.version,
            "churn.digest": registered.digest,
            "churn.gate": f"{'promoted' if decision.promoted else 'not promoted'}: {decision.reason}",
        }
    )
    return _outcome(registered, decision, comparison, fitted, run)


def _outcome(registered: Registered, decision: Decision, comparison: Comparison, fitted: _Fitted, run: Run) -> Outcome:
    return Outcome(
        registered=registered,
        decision=decision,
        winner=comparison.best.contender.name,
        metrics=fitted.metrics,
        candidates={result.contender.name: result.metrics for result in comparison.results},
        rounds={result.contender.name: result.rounds for result in comparison.results if result.rounds},
        warnings=fitted.compiled.warnings,
        run_id=run.id,
    )


def _decide(champion: Champion, fitted: _Fitted, seed: int, promotion: Promotion) -> Decision:
    if promotion != "gated":
        return Decision(promotion == "always", "asked for" if promotion == "always" else "asked not to be")
    return contest(champion, fitted.scorer, fitted.compiled.schema, fitted.finished.held_out, seed)


def _fit(training: Dataset, held_out: Dataset, best: Result, seed: int, folder: Path, champion: Champion) -> _Fitted:
    former = champion.segmenter_for(schema_of(training))
    compiled = compile_model(best.contender, training, folder, seed, former)
    scorer = _scorer_of(compiled)
    rows, rule = rows_of(held_out.frame), held_out.usecase.profit
    # What is measured is what will be served.
    answered = numpy.array(scorer.score(rows).probabilities)
    metrics = evaluate(held_out.churned, answered, rule)
    found = intervals(held_out.churned, answered, rule, seed)
    finished = Finished(held_out, answered, dict(metrics), found, milliseconds_of(scorer, rows))
    metrics |= {f"{name}_low": low for name, (low, _) in found.items()}
    metrics |= {f"{name}_high": high for name, (_, high) in found.items()}
    encoded = Encoder.from_json(compiled.encoder, compiled.schema).encode(rows)
    stand_in = Scorecard.from_json(compiled.scorecard, len(compiled.schema.features)).probabilities(encoded)
    scorecard = evaluate(held_out.churned, numpy.array(stand_in), rule)
    metrics |= {f"scorecard_{name}": value for name, value in scorecard.items()}
    metrics |= {f"cv_{name}": value for name, value in best.metrics.items()}
    return _Fitted(compiled, scorer, finished, metrics)


def _scorer_of(compiled: Compiled) -> Scorer:
    estimator = load_estimator(compiled.kind, compiled.estimator_file.read_bytes(), compiled.schema)
    encoder = Encoder.from_json(compiled.encoder, compiled.schema)
    return Scorer(encoder, estimator, Segmenter.from_json(compiled.segments, compiled.schema))


def _store_curves(run: Run, finished: Finished) -> None:
    held_out = finished.held_out
    with tempfile.TemporaryDirectory() as folder:
        title = f"holdout, {len(held_out)} {people(held_out)}"
        draw_curves(held_out.churned, finished.probabilities, held_out.usecase.profit, title, Path(folder))
        run.files(Path(folder), "curves")
