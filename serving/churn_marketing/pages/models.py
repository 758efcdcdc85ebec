"""Models: what serves and whether it is what scored, how well it did on customers that it had not learnt from, its
card, and whether customers have drifted away from those."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Blueprint, render_template
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from churn_marketing.errors import GatewayAway
from churn_marketing.plots.bars import Bar, bars
from churn_marketing.services import services
from churn_marketing.text.amounts import money
from churn_marketing.text.kinds import KINDS
from churn_model.package import Package

blueprint = Blueprint("models", __name__)
_LARGEST_CARD = 256 * 1024
_CONTEST = "\n## Contenders\n"
"""The heading of a card under which training writes who competed."""
_CHOSEN = re.compile(r"^\| *(.+?) \(chosen\) *\|", re.MULTILINE)
"""Its row there."""
_LARGEST_REPORT = 1024 * 1024


@dataclass(frozen=True)
class Measure:
    """A figure of the manifest: ``key`` there, its name, what it means, and whether it is money a customer."""

    key: str
    name: str
    meaning: str
    is_money: bool = False


@dataclass(frozen=True)
class Figure:
    """A measured figure with its 95 % interval, and the same of the stand-in and of the comparison while training."""

    measure: Measure
    value: float
    interval: tuple[float, float] | None
    stand_in: float | None
    compared: float | None


MEASURES = (
    Measure("empc", "Expected profit per customer", "of a campaign on the best share of them (EMPC)", is_money=True),
    Measure("profit", "Profit per customer", "of a campaign on whoever it pays for", is_money=True),
    Measure("budget_profit", "Profit per customer at the budget", "within the use case's budget", is_money=True),
    Measure("roc_auc", "Ordering (ROC AUC)", "how often a leaver is ranked above somebody who stays; 0.5 is chance"),
    Measure("pr_auc", "Finding leavers (PR AUC)", "precision over all lengths of list; the share of leavers is chance"),
    Measure("brier", "Probabilities (Brier score)", "mean squared distance to what happened; lower is better"),
    Measure("ece", "Calibration error", "how far probabilities are from the shares who left; lower is better"),
)  # fmt: skip


@blueprint.get("/models")
def page() -> str:
    """The model that scored, and the one that serves."""
    package = services().model.package
    figures, text = _figures(package) if package else [], _card(package)
    contest = _contest(text or "")
    return render_template(
        "models.html",
        package=package,
        serving=_serving(package),
        figures=figures,
        rivals=_rivals(figures),
        has_card=text is not None,
        kind=_kind(package, contest) if package else "",
        contest=_shown(contest) if contest else None,
        drift=_drift(),
    )


@blueprint.get("/models/card")
def card() -> str:
    """The model card, as its training wrote it."""
    text = _card(services().model.package)
    if text is None:
        raise NotFound
    return render_template("card.html", card=_shown(text))


def _serving(package: Package | None) -> dict[str, Any]:
    try:
        found = services().gateway.model()
    except GatewayAway as error:
        return {"problem": str(error)}
    same = package is not None and package.digest == found.digest
    return {"name": found.name, "version": found.version, "digest": found.digest, "same": same}


def _figures(package: Package) -> list[Figure]:
    metrics = package.manifest.metrics
    found = []
    for measure in MEASURES:
        if measure.key not in metrics:
            continue
        ends = metrics.get(f"{measure.key}_low"), metrics.get(f"{measure.key}_high")
        interval = None if ends[0] is None or ends[1] is None else (ends[0], ends[1])
        stand_in, compared = metrics.get(f"scorecard_{measure.key}"), metrics.get(f"cv_{measure.key}")
        found.append(Figure(measure, metrics[measure.key], interval, stand_in, compared))
    return found


def _rivals(figures: list[Figure]) -> Markup | None:
    """The model beside its stand-in, by the first figure in money."""
    first = next((each for each in figures if each.measure.is_money and each.stand_in is not None), None)
    if first is None or first.stand_in is None:
        return None
    currency = services().settings.currency
    rows = [
        Bar("The model", first.value, money(first.value, currency)),
        Bar("Its stand-in, the scorecard", first.stand_in, money(first.stand_in, currency), "other"),
    ]
    return bars("rivals", first.measure.name, rows)


def _card(package: Package | None) -> str | None:
    """The text of a model's card; None where there is none."""
    if package is None:
        return None
    try:
        with _card_file(package).open(encoding="utf-8") as stream:
            return stream.read(_LARGEST_CARD)
    except (OSError, UnicodeDecodeError):
        return None


def _contest(card: str) -> str:
    """What a card says of the models that competed; empty of a card from before it did."""
    _, _, rest = card.partition(_CONTEST)
    return rest.partition("\n## ")[0].strip()


def _kind(package: Package, contest: str) -> str:
    """What a model is: as its card calls it among those that competed, else by its manifest."""
    chosen = _CHOSEN.search(contest)
    if chosen is None:
        return KINDS.get(package.manifest.estimator, package.manifest.estimator)
    return Markup(MarkdownIt("commonmark", {"html": False}).renderInline(chosen[1]))  # noqa: S704 - as below


def _shown(text: str) -> Markup:
    # Whatever in it is HTML is shown as text; the writer is trusted, the data it tells of is not.
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(text)
    _name_cells(tokens)
    return Markup(reader.renderer.render(_scrolling(tokens), reader.options, {}))  # noqa: S704 - as said


def _name_cells(tokens: list[Token]) -> None:
    """Have tables say which cells name a column or a row, which Markdown cannot: whoever hears a table needs it. An
    empty corner names nothing. Numbers stand right by a class, since no style may stand in a page."""
    is_first, name = False, "td"
    for place, token in enumerate(tokens):
        if token.type == "tr_open":
            is_first = True
        elif token.type in ("th_open", "td_open"):
            is_name = bool(tokens[place + 1].content) and (is_first or token.type == "th_open")
            name = "th" if is_name else "td"
            right = "right" in str(token.attrs.pop("style", ""))
            token.attrs |= {"class": "number"} if right else {}
            token.attrs |= {"scope": "col" if token.type == "th_open" else "row"} if is_name else {}
            is_first = False
        if token.type in ("th_open", "td_open", "th_close", "td_close"):
            token.tag = name


def _scrolling(tokens: list[Token]) -> list[Token]:
    """Each table in a region of its own, called as what it stands under, so that a phone moves it and not the page."""
    found, name = [], "Models that competed"
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            name = tokens[place + 1].content
        if token.type == "table_open":
            label: dict[str, str | int | float] = {
                "class": "scroll",
                "tabindex": "0",
                "role": "region",
                "aria-label": name,
            }
            found.append(Token("region_open", "div", 1, attrs=label, block=True))
        found.append(token)
        if token.type == "table_close":
            found.append(Token("region_close", "div", -1, block=True))
    return found


def _card_file(package: Package) -> Path:
    """Beside the package's folder, where exporting puts it."""
    return package.path.parent / f"{package.manifest.version}-model_card.md"


def _drift() -> dict[str, Any] | None:
    """What the drift watch said last, if a file of it is named."""
    place = services().settings.drift_report
    if place is None:
        return None
    try:
        with place.open("rb") as stream:
            document = json.loads(stream.read(_LARGEST_REPORT))
        until = document.get("until")
        if document["drift"] is None:
            return {"problem": str(document.get("reason", "nothing is known yet"))}
        drifted = [{key: each[key] for key in ("feature", "bin", "more", "since")} for each in document["drifted"]]
        return {"drifted": drifted, "customers": int(document["customers"]), "until": until}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {"problem": "the last report cannot be read"}
