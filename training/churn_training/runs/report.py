"""The model report: one HTML file that tells a manager what was compared, which model won, and how sure that is.

It shows what it is given and computes nothing but words; the only module that knows HTML. The file needs nothing beside
it: pictures are embedded, and neither scripts nor fonts are fetched.
"""

import base64
import math
from dataclasses import dataclass
from pathlib import Path

import jinja2

from churn_model.usecase import ProfitRule
from churn_training.comparison.fairness import SMALLEST_GROUP, GroupRow
from churn_training.comparison.standings import Standing
from churn_training.comparison.verdict import Verdict
from churn_training.segments.study import SegmentCount

TEMPLATE = "report.html.jinja"
UNKNOWN = "–"
# Profit is told for so many customers, since a few cents each say little.
CROWD = 10_000
RULE_WORDS = {
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
class Report:
    """Everything the report shows; candidates are listed by falling expected profit.

    `measured_on` says on whom the candidates were measured, e.g. "5-fold cross-validation of 5,634 customers", and
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
    held_out: Standing | None = None
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
    environment = jinja2.Environment(
        autoescape=True,
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = (
        ("share", _share),
        ("decimals", _decimals),
        ("number", _number),
        ("range", _range),
        ("embedded", _embedded),
    )
    environment.filters |= dict(filters)
    winner = next((row for row in report.candidates if row.title == report.winner), None)
    if winner is None:
        raise ValueError(f"the winner {report.winner!r} is none of the candidates")
    page = environment.get_template(TEMPLATE).render(
        report=report,
        candidates=sorted(report.candidates, key=lambda row: row.metrics["empc"], reverse=True),
        rule_words=RULE_WORDS,
        winner=winner,
        headline=_headline(winner, report.rule),
        rivals=_against_the_next(winner, report.candidates),
        assumptions=(*economics(report.rule), *report.assumptions),
        smallest_group=SMALLEST_GROUP,
    )
    path.write_text(page, encoding="utf-8")


def economics(rule: ProfitRule) -> tuple[str, ...]:
    """The assumptions of the profit rule, a sentence each."""
    alpha, beta = rule.acceptance_alpha, rule.acceptance_beta
    spread = f"how uncertain that is, is described by a beta distribution with parameters {alpha:g} and {beta:g}"
    accepted = _share(alpha / (alpha + beta))
    return (
        f"A customer who is kept is worth {_money(rule.customer_value)} (assumed).",
        f"An offer costs {_money(rule.offer_cost)} (assumed); customers who would have stayed anyway take it too.",
        f"Contacting a customer costs {_money(rule.contact_cost)} (assumed).",
        f"Of the customers who would leave, {accepted} accept the offer and stay (assumed; {spread}).",
        f"A campaign of fixed budget reaches {_share(rule.budget_share)} of the customers (assumed).",
    )


def _headline(winner: Standing, rule: ProfitRule) -> str:
    profit, contacted = winner.metrics["empc"], winner.metrics["empc_contacted"]
    if profit <= 0.0:
        return "Under the assumptions below no campaign pays: an offer costs more than it is expected to bring."
    sure = f" (95 % interval {_range(winner.intervals['empc'], 2)})" if "empc" in winner.intervals else ""
    return (
        f"A retention campaign that contacts the right customers is expected to earn {_money(profit)} per customer of "
        f"the base{sure}, about {profit * CROWD:,.0f} for every {CROWD:,} customers, by contacting {_share(contacted)} "
        f"of them. With a budget for {_share(rule.budget_share)} of the customers it earns "
        f"{_money(winner.metrics['budget_profit'])} per customer."
    )


def _against_the_next(winner: Standing, candidates: tuple[Standing, ...]) -> str:
    others = [row for row in candidates if row is not winner]
    if not others:
        return ""
    rival = max(others, key=lambda row: row.metrics["empc"])
    ahead = (winner.metrics["empc"] - rival.metrics["empc"]) * CROWD
    more = "more" if ahead >= 0 else "less"
    compared = f"{abs(ahead):,.0f} {more} for every {CROWD:,} customers than the best of the others, {rival.title}"
    if rival.winner_better is None:
        return f"That is {compared}."
    return f"That is {compared}. The winner earns more in {_share(rival.winner_better)} of bootstrap samples."


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _money(value: float | None) -> str:
    return f"{value:,.2f}" if _known(value) else UNKNOWN


def _share(value: float | None) -> str:
    return f"{value:.1%}".replace("%", " %") if _known(value) else UNKNOWN


def _decimals(value: float | None, places: int = 4) -> str:
    return f"{value:.{places}f}" if _known(value) else UNKNOWN


def _number(value: int) -> str:
    return f"{value:,}"


def _range(ends: tuple[float, float] | None, places: int = 4) -> str:
    if ends is None or not all(map(_known, ends)):
        return UNKNOWN
    return f"{ends[0]:,.{places}f} to {ends[1]:,.{places}f}"


def _embedded(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode("ascii")
