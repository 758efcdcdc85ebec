"""The model card of a version: what was measured of it, for whoever must answer for its use (Mitchell et al. 2019,
"Model Cards for Model Reporting").

Markdown of what the training measured and what the use case says. It computes nothing but words, and must not know
MLflow.
"""

import datetime
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from churn_model.evaluation import calibration_bins, rate_intervals
from churn_model.plurals import counted
from churn_model.registry import Registered
from churn_training.comparison.champion_contest import ChampionDecision
from churn_training.comparison.competition import Search
from churn_training.comparison.fairness import SMALLEST_GROUP
from churn_training.comparison.measuring import UNTRIED
from churn_training.comparison.recorder import Judgement
from churn_training.comparison.sampling import Samples
from churn_training.packaging.code_revision import code_revision
from churn_training.runs.report_words import decimals, economics, interval, share, without_money

TEMPLATE = "model_card.md.jinja"
MONEY = ("empc", "budget_profit")
NAMES = {
    "roc_auc": "ROC AUC",
    "pr_auc": "average precision",
    "log_loss": "log loss",
    "brier": "Brier score",
    "ece": "calibration error (ECE)",
    "empc": "expected maximum profit per customer (EMPC)",
    "budget_profit": "profit per customer at the campaign's budget",
}


@dataclass(frozen=True)
class Subject:
    """What a card is about: the version, how it came about and on whom."""

    registered: Registered
    run_id: str
    judgement: Judgement
    decision: ChampionDecision
    samples: Samples
    search: Search


def model_card(subject: Subject) -> str:
    """The card, as Markdown."""
    judgement = subject.judgement
    return _template().render(
        card=_words(subject),
        registered=subject.registered,
        decision=subject.decision,
        winner=judgement.winner.contender,
        finished=judgement.finished,
        drivers=judgement.insights.drivers,
        later=judgement.insights.later,
    )


@functools.cache
def _template() -> jinja2.Template:
    """Read and compiled once a process."""
    environment = jinja2.Environment(
        autoescape=False,  # noqa: S701 - Markdown; cells and lines are escaped by filters
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters = {"cell": _cell, "line": _line, "share": share, "decimals": decimals, "range": interval}
    environment.filters |= filters
    return environment.get_template(TEMPLATE)


def _words(subject: Subject) -> dict[str, Any]:
    judgement, training = subject.judgement, subject.samples.fitted
    usecase, source = training.usecase, training.source
    of_data = [line for line in judgement.notices if UNTRIED not in line]
    money = usecase.tells_money
    told = economics(usecase.profit) if money else without_money(usecase.profit)
    return {
        "title": usecase.title or usecase.name,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="minutes"),
        "run_id": subject.run_id,
        "revision": code_revision(),
        "rivals": len(judgement.results),
        "features": [str(name) for name in training.frame.columns],
        "label": _label(subject),
        "simulated": source.simulated,
        "people": source.people,
        "training": f"{len(training):,} rows of {source.people} in {source.name} (SHA-256 `{source.sha256}`), of whom "
        f"{share(training.churn_rate)} left.",
        "notices": [*(notice.line for notice in training.notices if not _left_out(notice.text)), *of_data],
        "left_out": [notice.line for notice in training.notices if _left_out(notice.text)],
        "evaluation": _evaluation(subject),
        "judged": f"{len(judgement.finished.held_out):,}",
        "metrics": _metrics(subject),
        "contenders": sorted(judgement.standings, key=lambda each: -each.metrics["empc" if money else "roc_auc"]),
        "money": money,
        "economics": told,
        "calibration": _calibration(subject),
        "smallest_group": SMALLEST_GROUP,
        "protected": _protected(subject),
        "limits": _limits(subject),
        "configuration": _configuration(subject),
    }


def _label(subject: Subject) -> str:
    usecase = subject.samples.fitted.usecase
    months = usecase.window_months
    values = " or ".join(f"`{value}`" for value in usecase.label.leavers)
    said = f"`{usecase.label.column}` is {values}"
    return (
        f"{said}; within {counted(months, 'month')}"
        if months
        else f"{said}; the use case does not say within which time"
    )


def _evaluation(subject: Subject) -> str:
    rule, held_out = subject.samples.rule, subject.judgement.finished.held_out
    by = f"the salted hash of `{rule.by}`" if rule.by else "the salted hash of the row's values, for there are no ids"
    return (
        f"{len(held_out):,} rows of {held_out.source.people} of the same file, {share(float(held_out.churned.mean()))} "
        f"of whom left: those {share(rule.share)} of the customers whom {by} holds out, the same ones for every model "
        "of the use case. No model learns from them."
    )


def _metrics(subject: Subject) -> list[dict[str, Any]]:
    finished, money = subject.judgement.finished, subject.samples.fitted.usecase.tells_money
    return [
        {
            "name": words,
            "value": finished.metrics[name],
            "interval": finished.intervals.get(name),
            "cross_validated": finished.cross_validated.get(name),
            "scorecard": finished.scorecard.get(name),
        }
        for name, words in NAMES.items()
        if money or name not in MONEY
    ]


def _calibration(subject: Subject) -> list[dict[str, Any]]:
    finished = subject.judgement.finished
    predicted, observed, sizes = calibration_bins(finished.held_out.churned, finished.probabilities)
    lower, upper = rate_intervals(observed, sizes)
    rows = zip(predicted, observed, lower, upper, sizes, strict=True)
    return [
        {"predicted": mean, "observed": rate, "lower": low, "upper": high, "size": round(size)}
        for mean, rate, low, high, size in rows
    ]


def _protected(subject: Subject) -> str:
    training = subject.samples.fitted
    asked = [name for name in training.usecase.groups if name in training.frame]
    others = [name for name in training.usecase.groups if name not in training.frame]
    said = f"The model itself is told {', '.join(asked)}." if asked else "The model is told none of these."
    return f"{said} It is not told {', '.join(others)}." if others and asked else said


def _limits(subject: Subject) -> list[str]:
    training, judgement = subject.samples.fitted, subject.judgement
    assumed = [action.name for action in training.usecase.actions if action.source == "assumed"]
    lines = ["The customers are simulated."] if training.source.simulated else []
    if assumed:
        lines.append(f"What these actions change is assumed, not measured: {', '.join(assumed)}.")
    if judgement.insights.later is None:
        lines.append("Nothing says of which day rows are: how it does on later customers is not known.")
    if training.usecase.window_months is None:
        lines.append("Within which time customers leave is not said.")
    if not training.usecase.groups:
        lines.append("No group of customers was looked at.")
    lines.append("Intervals are over customers: how another training would have turned out is no part of them.")
    return [*lines, *judgement.warnings]


def _configuration(subject: Subject) -> list[tuple[str, str]]:
    search, winner = subject.search, subject.judgement.winner.contender
    return [
        ("seed", str(search.seed)),
        ("folds", str(search.parts)),
        ("seconds for the search", f"{search.seconds:g}"),
        *(("compared", line) for line in subject.judgement.notices if UNTRIED in line),
        ("family", winner.kind),
        *((f"parameter {name}", str(value)) for name, value in winner.parameters.items()),
        ("rows compared on", f"{len(subject.samples.compared):,}"),
        ("rows fitted on", f"{len(subject.samples.fitted):,}"),
    ]


def _left_out(text: str) -> bool:
    return "left out" in text


def _line(text: str) -> str:
    """One line of Markdown in which nothing of the data's own words is markup."""
    return " ".join(text.replace("<", "&lt;").split())


def _cell(text: object) -> str:
    return _line(str(text)).replace("|", "\\|")
