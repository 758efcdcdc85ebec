"""The training run, from top to bottom: read, compare, fit, judge, package, register.

Each step hands its results to the recorder and to nothing else. The order is the safety: a version is registered only
when its package is complete, and promoted only after that and only if it is better than the champion.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from churn_data.dataset import Dataset, schema_of
from churn_data.progress import Reporter, reporting
from churn_model.mlflow_registry import MlflowRegistry, connect
from churn_model.registry import Registered, Registry
from churn_model.signing import SigningKey, TrustedKeys
from churn_training.comparison.budget import SearchClock
from churn_training.comparison.champion_contest import Challenger, ChampionDecision, fetch_champion
from churn_training.comparison.competition import Search
from churn_training.comparison.decision import Promotion, decide
from churn_training.comparison.economics import with_economics
from churn_training.comparison.file_doubts import WholeFile
from churn_training.comparison.final_measure import measure_finished
from churn_training.comparison.insights import insights_into
from churn_training.comparison.judgement import judgement_of
from churn_training.comparison.meanwhile import recorded
from churn_training.comparison.measuring import Comparison, beginning, compare
from churn_training.comparison.money_words import figures_for, told_for
from churn_training.comparison.out_of_time import OutOfTime
from churn_training.comparison.recorder import Judgement, Recorder
from churn_training.comparison.sampling import Samples, samples_of
from churn_training.comparison.splits import FOLDS, holdout_of, split_by
from churn_training.families.candidates import Candidate
from churn_training.families.portfolio import default_candidates, distinct_candidates
from churn_training.packaging.compilation import compile_model, contents_of, until_of
from churn_training.packaging.home import Home
from churn_training.packaging.keys import signing_key, trusted_keys
from churn_training.packaging.profile import training_profile
from churn_training.runs.holdout_ledger import next_contest
from churn_training.runs.mlflow_recorder import mlflow_recorder
from churn_training.runs.version_notes import version_notes

MOST_NOTES = 2
"""Lines about economics that are told to whoever does not ask for all."""


@dataclass(frozen=True)
class TrainingOutcome:
    """What a training run came to. `metrics` were measured on held-out customers, having learnt from `learnt` of the
    `learnable` rows; `decision` is whether the new version is champion now, and why; `out_of_time` how it does on later
    customers, where something says who is."""

    registered: Registered
    decision: ChampionDecision
    winner: str
    metrics: dict[str, float]
    candidates: dict[str, dict[str, float]]
    rounds: dict[str, int]
    warnings: tuple[str, ...]
    run_id: str
    learnt: int
    learnable: int
    out_of_time: OutOfTime | None = None

    @property
    def promoted(self) -> bool:
        """Whether the new version is champion now."""
        return self.decision.promoted


@dataclass(frozen=True)
class _Order:
    """What a run is told to do, and whom its packages are signed for."""

    candidates: Sequence[Candidate]
    search: Search
    promotion: Promotion
    fresh: bool
    accept_leak: bool
    key: SigningKey
    trusted: TrustedKeys
    clock: SearchClock
    count_contest: Callable[[str, str, str], int]
    file: WholeFile
    contradictions: tuple[str, ...] = ()


def train(  # noqa: PLR0913 - each is a choice of whoever trains
    dataset: Dataset,
    home: Home,
    *,
    seed: int = 0,
    promotion: Promotion = "gated",
    candidates: Sequence[Candidate] | None = None,
    parts: int = FOLDS,
    budget: float = 0.0,
    fresh: bool = False,
    accept_leak: bool = False,
    verbose: bool = False,
    begun: float | None = None,
) -> TrainingOutcome:
    """Train on these customers and register the best contender.

    Args:
        dataset: labelled customers.
        home: where keys and the local registry are.
        seed: of folds and models, never of who is held out; the same data, seed and rounds give the same model.
        promotion: whether the new version becomes champion: if it is better, in any case, or in none.
        candidates: families to compare, by default `default_candidates()`.
        parts: folds of the cross-validation; `holdout_of` says who is held out for the final measure.
        budget: seconds for the whole training; 0 measures every family once, at its default settings.
        fresh: evaluate every candidate anew, even one that an earlier run has evaluated in the same way.
        accept_leak: promote even a model that is too good to be true.
        verbose: tell every round, contender and rule.
        begun: since when the budget runs, by `time.monotonic`, as reading took a part of it; by default since now.

    Raises:
        DataError: the customers are too few or too alike.
        PackageKeyError, UntrustedPackage: there would be no key to sign with.
        RegistryError: MLflow refused; the registry is as before.
    """
    dataset, contradictions = with_economics(dataset)
    candidates = candidates or distinct_candidates(default_candidates(), categories=bool(dataset.categories))
    search, clock = Search(seed, parts, budget), SearchClock(budget, begun=begun)
    file, samples = _divided(dataset, search)
    key, trusted = signing_key(home), trusted_keys(home)
    with reporting(len(candidates) * parts + 3, verbose=verbose) as reporter:
        reporter.notes(contradictions, MOST_NOTES)
        reporter.now("opening MLflow")
        client = connect(home.tracking_uri)
        count_contest = partial(next_contest, client, dataset.usecase.model_name)
        order = _Order(
            candidates, search, promotion, fresh, accept_leak, key, trusted, clock, count_contest, file, contradictions
        )
        with mlflow_recorder(client, home, samples, search, reporter) as recorder:
            reporter.note(beginning(candidates, budget, samples.notices))
            return _run(order, samples, recorder, MlflowRegistry(client), reporter)


def _divided(dataset: Dataset, search: Search) -> tuple[WholeFile, Samples]:
    """What is to be known of the file as a whole, and who of it is learnt from, compared on and held out."""
    rule = holdout_of(dataset, search.parts)
    rest, held_out = (dataset.take(positions) for positions in split_by(dataset, rule, search.seed))
    file = WholeFile.of(dataset, rule, rest, held_out)
    return file, samples_of(rest, held_out, rule, search.seed, search.seconds)


def _run(
    order: _Order, samples: Samples, recorder: Recorder, registry: Registry, reporter: Reporter
) -> TrainingOutcome:
    search, training, held_out = order.search, samples.fitted, samples.judged
    comparison = _compared(order, samples, recorder, reporter)
    best = comparison.best
    champion = fetch_champion(registry, training.usecase.model_name, order.trusted)
    with tempfile.TemporaryDirectory() as folder:
        reporter.now(f"fitting the best, {best.contender.title}, and packaging it")
        former = champion.segmenter_for(schema_of(training))
        compiled = compile_model(best.contender, training, Path(folder), search.seed, former)
        scorer, encoder, scorecard = compiled.served_scorer(), compiled.served_encoder(), compiled.served_scorecard()
        finished = measure_finished(scorer, encoder, scorecard, held_out, best, search.seed)
        recorder.finished(best.contender, finished, compiled.warnings)
        reporter.advance()

        reporter.now("asking it what drives churn, and how it does on later customers")
        insights = insights_into(scorer, compiled.schema, compiled.profiles, best, samples, search.seed)
        figures = figures_for(training.usecase, finished.figures | insights.figures)

        reporter.now("comparing it with the champion")
        challenger = Challenger(scorer, held_out, samples.rule, training.churn_rate, until_of(training), order.file)
        number = order.count_contest(recorder.run_id, samples.rule.identity, champion.version)
        decided = decide(
            champion, challenger, finished, number, search.seed, order.promotion, accept_leak=order.accept_leak
        )
        decision = told_for(training.usecase, decided)
        warnings = (*order.contradictions, *compiled.warnings)
        judgement = judgement_of(samples, comparison, finished, decision, insights, warnings, clock=order.clock)
        told = recorded(judgement, training.usecase.model_name, order.promotion, registry, recorder)

        reporter.now("registering")
        profile = training_profile(scorer, compiled.schema, training, held_out, finished.probabilities)
        file = order.file.judged_by(compiled.schema, held_out, finished.probabilities)
        contents = contents_of(compiled, training, figures, search.seed, samples.rule, file, profile=profile)
        notes = version_notes(told, training)
        registered = registry.register(contents, order.key, recorder.run_id, notes)
        reporter.advance()
    judgement = recorded(told, registered.name, order.promotion, registry, recorder, before=told.decision)
    # First why, then the promotion: nothing is champion without a reason.
    recorder.registered(registered, judgement.decision)
    if judgement.decision.promoted:
        registry.promote(registered.name, registered.version)
    said = (*order.contradictions, *judgement.notices, *compiled.warnings)
    return _outcome(registered, judgement, figures, said, recorder.run_id, samples, tuned=search.seconds > 0)


def _compared(order: _Order, samples: Samples, recorder: Recorder, reporter: Reporter) -> Comparison:
    return compare(
        samples.compared,
        order.candidates,
        order.search,
        recorder,
        reporter,
        fresh=order.fresh,
        clock=order.clock,
        fits=samples.fits,
    )


def _outcome(
    registered: Registered,
    judgement: Judgement,
    figures: dict[str, float],
    warnings: tuple[str, ...],
    run_id: str,
    samples: Samples,
    *,
    tuned: bool,
) -> TrainingOutcome:
    results, usecase = judgement.results, judgement.finished.held_out.usecase
    return TrainingOutcome(
        registered=registered,
        decision=judgement.decision,
        winner=judgement.winner.contender.name,
        metrics=figures,
        candidates={result.contender.name: figures_for(usecase, result.metrics) for result in results},
        rounds={result.contender.name: result.rounds for result in results if result.rounds and tuned},
        warnings=warnings,
        out_of_time=judgement.insights.later,
        run_id=run_id,
        learnt=len(samples.fitted),
        learnable=samples.learnable,
    )
