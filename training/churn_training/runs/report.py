"""The model report: one HTML file that tells a manager what was compared, which model was chosen, and how sure that is.

It shows what it is given and computes nothing but words; the only module that knows HTML. The file needs nothing beside
it: pictures are embedded, and neither scripts nor fonts are fetched.
"""

import base64
import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jinja2

from churn_model.usecase import ProfitRule
from churn_training.comparison.drivers import Drivers
from churn_training.comparison.fairness import SMALLEST_GROUP, GroupRow
from churn_training.comparison.out_of_time import OutOfTime
from churn_training.comparison.standings import Standing
from churn_training.comparison.verdict import Verdict
from churn_training.runs.report_words import (
    against_the_next,
    decimals,
    economics,
    headline,
    interval,
    share,
    without_money,
)
from churn_training.segments.study import SegmentCount

TEMPLATE = "report.html.jinja"
RULE_WORDS = {
    "log_loss": "Knowledge of who leaves",
    "profit": "Expected profit",
    "brier": "Accuracy of probabilities",
    "ece": "Calibration",
    "latency": "Time for one answer",
    "groups": "Groups of customers",
}


@dataclass(frozen=True)
class Picture:
    """A PNG file, with the heading and the sentence that say what it shows."""

    heading: str
    sentence: str
    path: Path


@dataclass(frozen=True)
class DataFinding:
    """Something that was found in the data: what it is about, and what it is."""

    about: str
    sentence: str


@dataclass(frozen=True)
class Report:
    """Everything the report shows; candidates are listed by falling expected profit.

    `money` is whether amounts may be told, `reached` the share of leavers whom a campaign of the rule's budget reaches,
    on customers never seen. `findings` is what reading the file found, `left_out` what nothing was learnt from, and
    why. `measured_on` says on whom the candidates were measured, e.g. "5-fold cross-validation of 5,634 customers", and
    `reason` why the winner was chosen, one sentence. `winner` is the title of one of the candidates. `held_out` is the
    finished model's row on customers that no candidate has seen. What is None or empty is left out.
    """

    usecase: str
    run_id: str
    created: str
    data_source: str
    simulated: bool
    customers: int
    churn_rate: float
    measured_on: str
    winner: str
    reason: str
    candidates: tuple[Standing, ...]
    rule: ProfitRule
    money: bool = True
    reached: float | None = None
    held_out: Standing | None = None
    findings: tuple[DataFinding, ...] = ()
    left_out: tuple[DataFinding, ...] = ()
    drivers: Drivers | None = None
    later: OutOfTime | None = None
    pictures: tuple[Picture, ...] = ()
    fairness: tuple[GroupRow, ...] = ()
    verdict: Verdict | None = None
    segments: tuple[SegmentCount, ...] = ()
    assumptions: tuple[str, ...] = ()


def write_report(path: Path, report: Report) -> None:
    """Write the report as one HTML file; its folder must exist.

    Raises:
        ValueError: the winner is none of the candidates.
        OSError: a picture cannot be read or the file not be written.
    """
    winner = next((row for row in report.candidates if row.title == report.winner), None)
    if winner is None:
        raise ValueError(f"the winner {report.winner!r} is none of the candidates")
    page = _template().render(
        report=report,
        candidates=sorted(report.candidates, key=_order(report)),
        winner=winner,
        headline=headline(winner, report.rule, report.reached, money=report.money),
        rivals=against_the_next(winner, report.candidates) if report.money else "",
        assumptions=(*(economics(report.rule) if report.money else without_money(report.rule)), *report.assumptions),
        smallest_group=SMALLEST_GROUP,
        rule_words=RULE_WORDS if report.money else RULE_WORDS | {"profit": "Use for a campaign"},
    )
    path.write_text(page, encoding="utf-8")


@functools.cache
def _template() -> jinja2.Template:
    """Read and compiled once a process: that takes longer than filling it in."""
    environment = jinja2.Environment(
        autoescape=True,
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = (
        ("share", share),
        ("decimals", decimals),
        ("number", _number),
        ("range", interval),
        ("embedded", _embedded),
    )
    environment.filters |= dict(filters)
    return environment.get_template(TEMPLATE)


def _order(report: Report) -> Callable[[Standing], float]:
    """By falling profit, or where no money is told by rising log loss."""
    return lambda row: -row.metrics["empc"] if report.money else row.metrics["log_loss"]


def _number(value: int) -> str:
    return f"{value:,}"


def _embedded(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode("ascii")
