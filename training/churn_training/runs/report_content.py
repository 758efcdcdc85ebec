"""What the model report of a training run says: a judgement put into the report's words, pictures beside it.

It computes nothing; the figures are the comparison's.
"""

import datetime
from pathlib import Path

from churn_data.dataset import Dataset
from churn_training.comparison.recorder import Judgement
from churn_training.comparison.standings import Standing
from churn_training.runs.report import Picture, Report

PICTURES = (
    ("profit.png", "Profit", "What a campaign earns per customer by the share of customers contacted."),
    ("calibration.png", "Calibration", "Whether a probability of 30 % means that 30 of 100 leave."),
    ("lift.png", "Lift", "How many of those who leave are reached by contacting a few."),
    ("roc.png", "ROC", "Leavers found against stayers flagged in vain."),
)


def report_of(judgement: Judgement, training: Dataset, run_id: str, curves: Path) -> Report:
    """The report.

    Args:
        judgement: how the comparison ended.
        training: the customers that contenders were measured on.
        run_id: of the run that the report belongs to.
        curves: folder of the pictures of `PICTURES`.
    """
    usecase, source, finished = training.usecase, training.source, judgement.finished
    winner = judgement.winner.contender
    return Report(
        usecase=usecase.title or usecase.name,
        run_id=run_id,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="minutes"),
        data_source=source.name,
        simulated=source.simulated,
        customers=len(training) + len(finished.held_out),
        churn_rate=training.churn_rate,
        measured_on=f"cross-validation of {len(training):,} {source.people}",
        winner=winner.title,
        reason=(
            "Of the contenders that earn no measurably less than the best (one standard error over the folds), it has "
            f"the most accurate probabilities. The registry: {judgement.decision.reason}."
        ),
        candidates=judgement.standings,
        rule=usecase.profit,
        held_out=Standing(winner.title, finished.metrics, finished.intervals, None, finished.milliseconds),
        pictures=tuple(Picture(heading, sentence, curves / name) for name, heading, sentence in PICTURES),
        fairness=finished.groups,
        verdict=judgement.decision.verdict,
        segments=judgement.segments.counts if judgement.segments else (),
        assumptions=(*_assumptions(training), *judgement.notices),
    )


def _assumptions(training: Dataset) -> tuple[str, ...]:
    assumed = [action for action in training.usecase.actions if action.source == "assumed"]
    lines = ["The economics of the campaign below are the use case's, not measured here."]
    lines += [
        f"Action “{action.name}”: keeps {action.effect:.1%} of those who would leave (assumed)." for action in assumed
    ]
    if training.source.simulated:
        lines.insert(0, "The customers are simulated: nothing here is evidence about real ones.")
    return tuple(lines)
