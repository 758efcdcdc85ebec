"""Keeps a training run in MLflow: one run for all, a nested one for each contender, pictures and the report as files.

The adapter behind the comparison's recorder; what was kept is said to the person who waits, too. It must not measure or
decide anything.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy

from churn_data.dataset import Dataset
from churn_data.progress import Reporter
from churn_model.registry import Registered
from churn_model.usecase import ProfitRule
from churn_training.comparison.champion_contest import ChampionDecision
from churn_training.comparison.competition import Result, Search
from churn_training.comparison.final_measure import Finished
from churn_training.comparison.insights import Insights
from churn_training.comparison.money_words import figures_for
from churn_training.comparison.recorder import Judgement, Recalled
from churn_training.comparison.sampling import Samples
from churn_training.families.candidates import Candidate
from churn_training.families.ensemble import Contender, family_of
from churn_training.packaging.home import Home
from churn_training.runs.gate_tags import gate_tags, tag_version
from churn_training.runs.model_card import Subject, model_card
from churn_training.runs.model_cards import CARD, PLACE
from churn_training.runs.pictures import draw_comparison, draw_curves, draw_segment_study
from churn_training.runs.report import write_report
from churn_training.runs.report_content import report_of
from churn_training.runs.resume_key import resume_key
from churn_training.runs.resumption import close_abandoned, find, job_tags, keep
from churn_training.runs.tracking import Run, experiment_of, open_run

if TYPE_CHECKING:
    from mlflow import MlflowClient


@contextmanager
def mlflow_recorder(
    client: "MlflowClient", home: Home, samples: Samples, search: Search, reporter: Reporter
) -> Iterator["MlflowRecorder"]:
    """A recorder whose run ends with the block, as the block ends; runs that an earlier pod of this Job left open are
    closed first.

    Args:
        client: of MLflow.
        home: where a local store keeps artifacts.
        samples: the customers to compare and fit on, and those kept for the final measure.
        search: how families are measured; part of what an evaluation is recalled by.
        reporter: told what was kept.
    """
    training = samples.compared
    experiment = experiment_of(client, training.usecase.model_name, home)
    for closed in close_abandoned(client, experiment):
        reporter.note(f"run {closed} was left open by an earlier pod of this Job; it counts as killed now")
    with open_run(client, experiment, f"train {training.source.name}", _tags_of(training)) as run:
        run.parameters(
            {
                "seed": search.seed,
                "folds": search.parts,
                "budget_seconds": search.seconds,
                "training_rows": len(samples.fitted),
                "compared_rows": len(training),
                "holdout_rows": len(samples.judged),
            }
        )
        run.data_set(samples.fitted, "training")
        with ExitStack() as families:
            yield MlflowRecorder(run, samples, search, reporter, families)


class MlflowRecorder:
    """Records of one training run; implements :class:`churn_training.comparison.recorder.Recorder`."""

    def __init__(self, run: Run, samples: Samples, search: Search, reporter: Reporter, families: ExitStack) -> None:
        self._run, self._samples, self._search, self._reporter = run, samples, search, reporter
        self._training = samples.compared
        self._judgement: Judgement | None = None
        self._rounds, self._reusing = 0, False
        self._open_families, self._families = families, dict[str, Run]()

    @property
    def run_id(self) -> str:
        """MLflow's id of the run."""
        return self._run.id

    def recall(self, setting: Candidate) -> Recalled | None:
        """What a finished run of this experiment has kept under the setting's key."""
        return find(self._run.client, self._run.experiment, self._key(setting), setting)

    def keep(self, setting: Candidate, result: Result) -> None:
        """A nested run of its own with the evaluation, so that a later run can recall it."""
        self._rounds += 1
        parent, tags = self._family(setting), self._nested_tags(setting, "setting")
        name = f"round {self._rounds}, {setting.name}"
        with open_run(parent.client, parent.experiment, name, tags, parent) as run:
            keep(run, self._key(setting), result)
            run.parameters({"family": setting.kind, "seed": self._search.seed, **result.contender.parameters})
            run.metrics(figures_for(self._training.usecase, result.metrics))
        self._say(result, "")

    def reused(self, recalled: Recalled) -> None:
        """Where the figures came from."""
        self._rounds += 1
        if not self._reusing:
            self._reporter.note("going on from an earlier run: what it has measured is reused (--fresh evaluates anew)")
            self._reusing = True
        self._say(recalled.result, f", reused from run {recalled.run_id} (--fresh evaluates anew)")

    def _say(self, result: Result, source: str) -> None:
        loss, auc = result.metrics["log_loss"], result.metrics["roc_auc"]
        title = result.contender.title
        self._reporter.detail(f"round {self._rounds}, {title}: log loss {loss:.4f}, ROC AUC {auc:.4f}{source}")

    @contextmanager
    def contender(self, contender: Contender) -> Iterator["_ContenderRecord"]:
        """A nested run, which ends with the block."""
        parent, tags = self._family(contender), self._nested_tags(contender, "contender")
        with open_run(parent.client, parent.experiment, contender.name, tags, parent) as run:
            record = _ContenderRecord(run, self._training, self._search.seed)
            yield record
        self._reporter.detail(record.line)

    def _family(self, contender: Contender) -> Run:
        """The run that all of a family's settings and contenders are nested in; it ends with the training."""
        name, title = family_of(contender)
        if name not in self._families:
            tags = {**_tags_of(self._training), "churn.family": name, "churn.role": "family"}
            run = open_run(self._run.client, self._run.experiment, title, tags, self._run)
            self._families[name] = self._open_families.enter_context(run)
        return self._families[name]

    def _nested_tags(self, contender: Contender, role: str) -> dict[str, str]:
        return {**_tags_of(self._training), "churn.family": family_of(contender)[0], "churn.role": role}

    def finished(self, winner: Contender, finished: Finished, warnings: tuple[str, ...]) -> None:
        """Its figures, its name and its curves."""
        self._run.metrics(figures_for(finished.held_out.usecase, finished.figures))
        self._run.tags({"churn.winner": winner.name})
        _store_curves(self._run, finished.held_out, finished.probabilities, "holdout")
        for line in warnings:
            self._reporter.detail(line)

    def judged(self, judgement: Judgement) -> None:
        """Pictures, the table of groups, the gate's decision, the study of segments and the report, in one folder."""
        self._judgement = judgement
        verdict = judgement.decision.verdict
        for finding in verdict.findings if verdict else ():
            passed = "passed" if finding.passed else "not passed"
            self._reporter.detail(f"{finding.rule_name}: {passed}. {finding.sentence}")
        training = self._training
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            curves = folder / "curves"
            curves.mkdir()
            answers = {result.contender.title: result.probabilities for result in judgement.results}
            title = f"Out of fold, {len(training)} {training.source.people}"
            draw_comparison(training.churned, answers, _told_rule(training), title, curves)
            _write_json(folder / "fairness.json", [asdict(row) for row in judgement.finished.groups])
            _write_json(folder / "gate.json", judgement.decision.to_json())
            self._insights(judgement.insights, folder)
            if judgement.segments is not None:
                _write_json(folder / "segments.json", judgement.segments.to_json())
                draw_segment_study(judgement.segments, folder / "segments.png")
            write_report(folder / "report.html", report_of(judgement, self._samples, self._run.id, curves))
            self._run.files(folder, "comparison")

    def _insights(self, insights: Insights, folder: Path) -> None:
        """What drives churn, and how the winner does on later customers, for programs; figures and belief for MLflow's
        pages."""
        if insights.drivers is not None:
            _write_json(folder / "drivers.json", insights.drivers.to_json())
        if insights.later is not None:
            _write_json(folder / "out_of_time.json", insights.later.to_json())
            self._run.metrics(figures_for(self._training.usecase, insights.figures))
            self._run.tags({"churn.believed": insights.later.believed, "churn.believed_because": insights.later.why})

    def registered(self, registered: Registered, decision: ChampionDecision) -> None:
        """Version, digest and what the gate said, in the run and beside the version, and its model card."""
        tags = gate_tags(decision)
        self._run.tags({"churn.version": registered.version, "churn.digest": registered.digest, **tags})
        tag_version(self._run.client, registered, tags)
        if self._judgement is not None:
            self._card(Subject(registered, self._run.id, self._judgement, decision, self._samples, self._search))

    def _card(self, subject: Subject) -> None:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / CARD).write_text(model_card(subject), encoding="utf-8")
            self._run.files(Path(folder), PLACE)

    def _key(self, candidate: Candidate) -> str:
        return resume_key(self._training, candidate, self._search.seed, self._search.parts)


class _ContenderRecord:
    """A contender's nested run; `line` says what it came to, once the run has ended."""

    def __init__(self, run: Run, training: Dataset, seed: int) -> None:
        self._run, self._training, self._seed = run, training, seed
        self.line = ""

    def measured(self, result: Result) -> None:
        """Its curves and figures."""
        contender = result.contender
        _store_curves(self._run, self._training, result.probabilities, contender.title)
        own = {"family": contender.kind, "seed": self._seed, "rounds": result.rounds}
        self._run.parameters({**own, **contender.parameters})
        self._run.metrics(figures_for(self._training.usecase, result.metrics))
        settings = f", best of {result.rounds} settings" if result.rounds > 1 else ""
        loss, worth, auc = (result.metrics[name] for name in ("log_loss", "empc", "roc_auc"))
        money = self._training.usecase.tells_money
        brings = f"expected profit per customer {worth:.3f}" if money else f"log loss {loss:.4f}"
        self.line = f"{contender.title}: {brings}, ROC AUC {auc:.4f}{settings}"


def _store_curves(run: Run, customers: Dataset, probabilities: numpy.ndarray, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        title = f"{name}, {len(customers)} {customers.source.people}"
        draw_curves(customers.churned, probabilities, _told_rule(customers), title, Path(folder))
        run.files(Path(folder), "curves")


def _told_rule(customers: Dataset) -> ProfitRule | None:
    """The economics that may be shown; None where nobody said what customers are worth."""
    return customers.usecase.profit if customers.usecase.tells_money else None


def _write_json(path: Path, document: object) -> None:
    path.write_text(json.dumps(document, indent=2))


def _tags_of(dataset: Dataset) -> dict[str, str]:
    """Where the data came from, a file's name without its folder, and which pod is at work; for every run."""
    source = dataset.source
    return {
        **job_tags(),
        "churn.usecase": dataset.usecase.name,
        "churn.data_source": source.name,
        "churn.data_sha256": source.sha256,
        "churn.data_kind": "simulated" if source.simulated else "real",
    }
