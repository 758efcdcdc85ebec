"""What stands beside a version in the registry: in plain words what it is, what it was learnt from and how good it is.

It must not know the registry.
"""

import pandas

from churn_data.dataset import Dataset
from churn_model.registry import VersionNotes
from churn_training.comparison.recorder import Judgement
from churn_training.runs.report_words import amount, decimals, share

DECIDING = ("log_loss", "roc_auc", "brier", "ece", "empc")
"""What contenders are chosen by and the gate asks for, on held-out customers."""
LATER = ("out_of_time_log_loss", "out_of_time_roc_auc")
"""How it does on later customers, where something says who is."""
MOST_DRIVERS = 5


def version_notes(judgement: Judgement, training: Dataset) -> VersionNotes:
    """The notes of the version that a training makes.

    Args:
        judgement: how the comparison ended.
        training: the customers that the winner was fitted on.
    """
    usecase = training.usecase
    finished, later = judgement.finished, judgement.insights.later
    decisive = [name for name in DECIDING if name != "empc" or usecase.tells_money]
    figures = {name: finished.metrics[name] for name in decisive}
    figures["cv_log_loss"] = judgement.winner.metrics["log_loss"]
    if later and later.metrics:
        figures |= {name: later.figures[name] for name in LATER}
    return VersionNotes(
        description=" ".join(_sentences(judgement, training)),
        about=f"{usecase.title or usecase.name}: how likely a customer is to leave, and which segment they belong to.",
        metrics=figures,
        whole=frozenset(str(name) for name, column in training.frame.items() if _is_whole(column)),
    )


def _sentences(judgement: Judgement, training: Dataset) -> list[str]:
    finished, source, insights = judgement.finished, training.source, judgement.insights
    measured = finished.metrics
    people = f"{len(training):,} {source.people} of {source.name}, of whom {share(training.churn_rate)} left"
    good = f"ROC AUC {decimals(measured['roc_auc'], 3)}, log loss {decimals(measured['log_loss'])}"
    title, rivals = judgement.winner.contender.title, len(judgement.results)
    found = [
        f"{title}, learnt from {people}; chosen among {rivals} contenders.",
        f"On {len(finished.held_out):,} never seen: {good}, Brier score {decimals(measured['brier'])}.",
    ]
    if training.usecase.tells_money:
        found.append(f"A campaign is expected to earn {amount(measured['empc'])} per customer (acceptance assumed).")
    if insights.later:
        found.append(f"Believed: {insights.later.believed} validation, since {insights.later.why}.")
    if insights.drivers and insights.drivers.whole:
        named = ", ".join(driver.label for driver in insights.drivers.whole[:MOST_DRIVERS])
        found.append(f"It goes most by: {named}.")
    champion = "It became champion" if judgement.decision.promoted else "It did not become champion"
    return [*found, f"{champion}: {judgement.decision.reason}."]


def _is_whole(column: pandas.Series) -> bool:
    if column.dtype != "float64":
        return False
    known = column.dropna()
    return bool((known % 1 == 0).all())
