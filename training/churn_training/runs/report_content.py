"""What the model report of a training run says: a judgement put into the report's words, pictures beside it.

It computes nothing; the figures are the comparison's.
"""

import datetime
from pathlib import Path

import numpy

from churn_data.dataset import Dataset
from churn_data.notices import Notice
from churn_model.evaluation import gains
from churn_model.profit import tally
from churn_training.comparison.final_measure import Finished
from churn_training.comparison.recorder import Judgement
from churn_training.comparison.sampling import Samples
from churn_training.comparison.standings import Standing
from churn_training.runs.report import DataFinding, Picture, Report

PROFIT = "Profit"
PICTURES = (
    ("profit.png", PROFIT, "What a campaign earns per customer by the share of customers contacted."),
    ("calibration.png", "Calibration", "Whether a probability of 30 % means that 30 of 100 leave."),
    ("lift.png", "Lift", "How many of those who leave are reached by contacting a few."),
    ("roc.png", "ROC", "Leavers found against stayers flagged in vain."),
)


def report_of(judgement: Judgement, samples: Samples, run_id: str, curves: Path) -> Report:
    """The report.

    Args:
        judgement: how the comparison ended.
        samples: the customers of this training.
        run_id: of the run that the report belongs to.
        curves: folder of the pictures of `PICTURES`.
    """
    training, finished = samples.compared, judgement.finished
    usecase, source = training.usecase, training.source
    winner = judgement.winner.contender
    return Report(
        usecase=usecase.title or usecase.name,
        run_id=run_id,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="minutes"),
        data_source=source.name,
        simulated=source.simulated,
        customers=samples.everybody,
        churn_rate=training.churn_rate,
        measured_on=f"cross-validation of {len(training):,} {source.people}",
        winner=winner.title,
        reason=_reason(judgement, money=usecase.tells_money),
        candidates=judgement.standings,
        rule=usecase.profit,
        money=usecase.tells_money,
        reached=_reached(finished),
        findings=tuple(
            DataFinding(notice.column or "the file", notice.text)
            for notice in training.notices
            if not _left_out(notice)
        ),
        left_out=(
            *(
                DataFinding(notice.column or "the file", notice.text)
                for notice in training.notices
                if _left_out(notice)
            ),
            *(DataFinding("a part of the customers", notice) for notice in judgement.notices),
        ),
        drivers=judgement.insights.drivers,
        later=judgement.insights.later,
        held_out=Standing(winner.title, finished.metrics, finished.intervals, None, finished.milliseconds),
        pictures=_pictures(curves, money=usecase.tells_money),
        fairness=finished.groups,
        verdict=judgement.decision.verdict,
        segments=judgement.segments.counts if judgement.segments else (),
        assumptions=(*_assumptions(training), *judgement.warnings),
    )


def _reason(judgement: Judgement, *, money: bool) -> str:
    lead = "earn no measurably less" if money else "would serve a campaign no measurably worse"
    return (
        f"Of the contenders that {lead} than the best (one standard error over the folds), it has the most accurate "
        f"probabilities. The registry: {judgement.decision.reason}."
    )


def _pictures(curves: Path, *, money: bool) -> tuple[Picture, ...]:
    shown = [each for each in PICTURES if money or each[1] != PROFIT]
    return tuple(Picture(heading, sentence, curves / name) for name, heading, sentence in shown)


def _reached(finished: Finished) -> float:
    """The share of leavers, 0 to 1, whom a campaign of the rule's budget reaches, on customers never seen."""
    contacted, found = gains(tally(finished.held_out.churned, finished.probabilities))
    return float(numpy.interp(finished.held_out.usecase.profit.budget_share, contacted, found))


def _left_out(notice: Notice) -> bool:
    """Columns and rows that nothing was learnt from."""
    return "left out" in notice.text


def _assumptions(training: Dataset) -> tuple[str, ...]:
    assumed = [action for action in training.usecase.actions if action.source == "assumed"]
    lines = ["The economics of the campaign are the use case's, not measured here."] if assumed else []
    lines += [
        f"Action “{action.name}”: keeps {action.effect:.1%} of those who would leave (assumed)." for action in assumed
    ]
    if training.source.simulated:
        lines.insert(0, "The customers are simulated: nothing here is evidence about real ones.")
    return tuple(lines)
