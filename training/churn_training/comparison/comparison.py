"""The comparison inside one MLflow run: every contender in a nested run of its own, then pictures and a report.

It measures and records; which contender is packaged and what becomes of it is the pipeline's business.
"""

import datetime
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy

from churn_data.dataset import Dataset
from churn_data.progress import Reporter
from churn_training.comparison.bootstrap import intervals, probability_better
from churn_training.comparison.champion_contest import Decision, groups_of
from churn_training.comparison.competition import Result, Search, compete, second_level, winner
from churn_training.comparison.evaluation import measure
from churn_training.comparison.fairness import GroupRow, fairness_table
from churn_training.families.candidates import Candidate
from churn_training.runs.plots import draw_comparison, draw_curves
from churn_training.runs.report import CandidateRow, Picture, Report, SegmentStudyRow, write_report
from churn_training.runs.resume_key import resume_key
from churn_training.runs.resumption import find, job_tags, keep
from churn_training.runs.tracking import Run, open_run
from churn_training.segments.segmentation import SEGMENTS
from churn_training.segments.study import draw_segment_study, study_segments

REPEATS = 200
"""Bootstrap samples for each contender; the finished model's own figures get a thousand."""
PICTURES = (
    ("profit.png", "Profit", "What a campaign earns per customer by the share of customers contacted."),
    ("calibration.png", "Calibration", "Whether a probability of 30 % means that 30 of 100 leave."),
    ("lift.png", "Lift", "How many of those who leave are reached by contacting a few."),
    ("roc.png", "ROC", "Leavers found against stayers flagged in vain."),
)


@dataclass(frozen=True)
class Comparison:
    """All contenders' results and the best of them."""

    results: tuple[Result, ...]
    best: Result


def compare(
    training: Dataset,
    candidates: Sequence[Candidate],
    search: Search,
    parent: Run,
    reporter: Reporter,
    *,
    fresh: bool,
) -> Comparison:
    """Measure families one after the other, each with its part of what is left of the time, then calibrated variants
    and the ensemble.

    Args:
        training: the customers to learn from.
        candidates: the families.
        search: seed and folds; `seconds` are for all families together.
        parent: the run that the contenders' runs belong to.
        reporter: told what goes on.
        fresh: measure anew what an earlier run has measured in the very same way.
    """
    deadline = time.monotonic() + search.seconds
    results: list[Result] = []
    for place, candidate in enumerate(candidates):
        share = max(0.0, deadline - time.monotonic()) / (len(candidates) - place)
        own = Search(search.seed, search.parts, share if search.seconds else 0.0)
        key = resume_key(training, candidate, search.seed, search.parts, search.seconds)
        kept = None if fresh else find(parent.client, parent.experiment, key, candidate)
        with open_run(parent.client, parent.experiment, candidate.name, tags_of(training), parent) as run:
            if kept is None:
                result = compete(training, candidate, own, reporter)
                _store_curves(run, training, result)
                keep(run, key, result)
            else:
                result = kept.result
                run.tags({"churn.reused_run": kept.run_id})
                reporter.advance(search.parts)
            _record(run, result, search)
        reporter.note(_line(result, kept.run_id if kept else ""))
        results.append(result)
    for result in second_level(training, results, search):
        with open_run(parent.client, parent.experiment, result.contender.name, tags_of(training), parent) as run:
            _store_curves(run, training, result)
            _record(run, result, search)
        reporter.note(_line(result))
        results.append(result)
    return Comparison(tuple(results), winner(results))


def _record(run: Run, result: Result, search: Search) -> None:
    contender = result.contender
    run.parameters({"family": contender.kind, "seed": search.seed, "rounds": result.rounds, **contender.parameters})
    run.metrics(result.metrics)


def _line(result: Result, reused: str = "") -> str:
    source = f", reused from run {reused} (--fresh evaluates anew)" if reused else ""
    settings = f", best of {result.rounds} settings" if result.rounds else ""
    worth, auc = result.metrics["empc"], result.metrics["roc_auc"]
    return f"{result.contender.title}: expected profit per customer {worth:.3f}, ROC AUC {auc:.4f}{settings}{source}"


def _store_curves(run: Run, training: Dataset, result: Result) -> None:
    with tempfile.TemporaryDirectory() as folder:
        title = f"{result.contender.title}, {len(training)} {people(training)}"
        draw_curves(training.churned, result.probabilities, training.usecase.profit, title, Path(folder))
        run.files(Path(folder), "curves")


@dataclass(frozen=True)
class Finished:
    """The packaged model on the holdout: labels, its probabilities, metrics, intervals, milliseconds for an answer."""

    held_out: Dataset
    probabilities: numpy.ndarray
    metrics: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    milliseconds: float


def record(
    run: Run, training: Dataset, comparison: Comparison, finished: Finished, decision: Decision, *, tuned: bool
) -> None:
    """Store pictures, the fairness table, the gate's decision and the report with the run of the whole comparison, and,
    where there was time for tuning, how many segments the customers really have."""
    held_out, rule = finished.held_out, training.usecase.profit
    fairness = fairness_table(held_out.churned, finished.probabilities, groups_of(held_out), rule)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "curves").mkdir()
        answers = {result.contender.title: result.probabilities for result in comparison.results}
        title = f"Out of fold, {len(training)} {people(training)}"
        draw_comparison(training.churned, answers, rule, title, folder / "curves")
        (folder / "fairness.json").write_text(json.dumps([asdict(row) for row in fairness], indent=2))
        (folder / "gate.json").write_text(json.dumps(decision.to_json(), indent=2))
        report = _report(run, training, comparison, finished, decision, fairness, folder / "curves")
        if tuned:
            report = replace(report, segments=_segment_rows(training, folder))
        write_report(folder / "report.html", report)
        run.files(folder, "comparison")


def _segment_rows(training: Dataset, folder: Path) -> tuple[SegmentStudyRow, ...]:
    study = study_segments(training, seed=0)
    (folder / "segments.json").write_text(json.dumps(study.to_json(), indent=2))
    draw_segment_study(study, folder / "segments.png")
    return tuple(
        SegmentStudyRow(
            count.segments,
            count.silhouette,
            count.davies_bouldin,
            count.stability,
            count.shares,
            chosen=count.segments == SEGMENTS,
        )
        for count in study.counts
    )


def _report(  # noqa: PLR0917 - everything that the page shows
    run: Run,
    training: Dataset,
    comparison: Comparison,
    finished: Finished,
    decision: Decision,
    fairness: tuple[GroupRow, ...],
    curves: Path,
) -> Report:
    usecase, best = training.usecase, comparison.best
    return Report(
        usecase=usecase.title or usecase.name,
        run_id=run.id,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="minutes"),
        data_source=training.source.name,
        simulated=training.source.simulated,
        customers=len(training) + len(finished.held_out),
        churn_rate=training.churn_rate,
        measured_on=f"cross-validation of {len(training):,} {people(training)}",
        winner=best.contender.title,
        reason=(
            "Of the contenders that earn no measurably less than the best (one standard error over the folds), it has "
            f"the most accurate probabilities. The registry: {decision.reason}."
        ),
        candidates=tuple(_row(training, result, best) for result in comparison.results),
        rule=usecase.profit,
        held_out=CandidateRow(best.contender.title, finished.metrics, finished.intervals, None, finished.milliseconds),
        pictures=tuple(Picture(heading, sentence, curves / name) for name, heading, sentence in PICTURES),
        fairness=fairness,
        verdict=decision.verdict,
        assumptions=_assumptions(training),
    )


def _row(training: Dataset, result: Result, best: Result) -> CandidateRow:
    rule, churned = training.usecase.profit, training.churned
    found = intervals(churned, result.probabilities, rule, 0, REPEATS)
    if result is best:
        return CandidateRow(result.contender.title, result.metrics, found)
    ahead = probability_better(churned, best.probabilities, result.probabilities, measure("empc", rule), 0, REPEATS)
    return CandidateRow(result.contender.title, result.metrics, found, ahead)


def _assumptions(training: Dataset) -> tuple[str, ...]:
    usecase = training.usecase
    assumed = [action for action in usecase.actions if action.source == "assumed"]
    lines = ["The economics of the campaign below are the use case's, not measured here."]
    lines += [
        f"Action “{action.name}”: keeps {action.effect:.1%} of those who would leave (assumed)." for action in assumed
    ]
    if training.source.simulated:
        lines.insert(0, "The customers are simulated: nothing here is evidence about real ones.")
    return tuple(lines)


def people(dataset: Dataset) -> str:
    """What to call the rows of a data set."""
    return "simulated customers" if dataset.source.simulated else "customers"


def tags_of(dataset: Dataset) -> dict[str, str]:
    """Where the data came from, a file's name without its folder, and which pod is at work; for every run."""
    source = dataset.source
    return {
        **job_tags(),
        "churn.usecase": dataset.usecase.name,
        "churn.data_source": source.name,
        "churn.data_sha256": source.sha256,
        "churn.data_kind": "simulated" if source.simulated else "real",
    }
