"""The model report as a page: whole, escaped, nothing fetched, and honest about what is simulated and assumed."""

import base64
import dataclasses
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import numpy
import pytest

from churn_model.evaluation import evaluate, measure
from churn_model.usecase import ProfitRule
from churn_training.comparison.bootstrap import intervals, probability_better
from churn_training.comparison.fairness import fairness_table
from churn_training.comparison.standings import Standing
from churn_training.comparison.verdict import Finding, Verdict
from churn_training.runs.pictures import draw_comparison, draw_curves
from churn_training.runs.report import Picture, Report, write_report
from churn_training.segments.study import SegmentCount

RULE = ProfitRule()
VOID = {"meta", "img", "br", "link", "hr", "input"}
PNG = b"\x89PNG\r\n\x1a\n"


class Page(HTMLParser):
    """What a browser would see: text, attributes, and that every element is closed by its own end."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.columns: list[int] = []
        self._open: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)
        if tag == "tr":
            self.columns.append(0)
        if tag in {"td", "th"}:
            self.columns[-1] += 1

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Curves of two models of simulated customers, drawn once."""
    folder = tmp_path_factory.mktemp("pictures")
    churned, candidates = simulated()
    draw_comparison(churned, candidates, RULE, "Telecom: 400 simulated customers", folder)
    return folder


def simulated() -> tuple[numpy.ndarray, dict[str, numpy.ndarray]]:
    generator = numpy.random.default_rng(5)
    truth = generator.beta(1.0, 3.0, 400)
    churned = (generator.random(400) < truth).astype(int)
    return churned, {"Linear": truth, "Trees": numpy.clip(truth + generator.normal(0.0, 0.1, 400), 0.0, 1.0)}


def small_report(folder: Path) -> Report:
    """With everything that can be in one."""
    churned, candidates = simulated()
    better = probability_better(churned, candidates["Linear"], candidates["Trees"], measure("empc", RULE), 1, 50)
    rows = [
        Standing(title, evaluate(churned, answers, RULE), intervals(churned, answers, RULE, 1, repeats=50))
        for title, answers in candidates.items()
    ]
    groups = {"gender": numpy.repeat(["Female", "Male", "(not known)"], [200, 190, 10])}
    return Report(
        usecase="Telecom",
        run_id="0123abcd",
        created="2026-01-02 03:04 UTC",
        data_source="customers.csv",
        simulated=True,
        customers=400,
        churn_rate=float(churned.mean()),
        measured_on="5-fold cross-validation of 400 customers",
        winner="Linear",
        reason="It earns most.",
        candidates=(rows[0], dataclasses.replace(rows[1], winner_better=better, milliseconds=0.25)),
        rule=RULE,
        held_out=dataclasses.replace(rows[0], title="Linear, finished", milliseconds=0.5),
        pictures=(Picture("Profit", "More is better.", folder / "profit.png"),),
        fairness=fairness_table(churned, candidates["Linear"], groups, RULE),
        verdict=Verdict(False, (Finding("profit", passed=False, sentence="It may not earn more."),)),
        segments=(SegmentCount(4, 0.3, 1.2, 0.9, 0.8, (0.4, 0.3, 0.2, 0.1), chosen=True),),
        assumptions=("Calls cost 2.00 (assumed).",),
    )


def written(report: Report, folder: Path) -> Page:
    write_report(folder / "report.html", report)
    return Page(folder / "report.html")


def test_the_page_says_who_was_chosen_by_how_much_and_how_sure_that_is(pictures: Path, tmp_path: Path) -> None:
    report = small_report(pictures)
    text = written(report, tmp_path).text
    best = report.candidates[0]
    assert "Chosen: Linear" in text
    assert f"{best.metrics['empc']:,.2f} per customer of the base" in text
    low, high = best.intervals["empc"]
    assert f"95 % interval {low:.2f} to {high:.2f}" in text
    assert f"about {best.metrics['empc'] * 10_000:,.0f} for every 10,000 customers" in text
    assert "than the best of the others, Trees" in text
    assert "in the currency of the use case" in text


@pytest.mark.parametrize(
    ("share", "words", "absent"),
    [
        (0.97, "and shown: it earns more in 97.0 % of bootstrap samples", "not shown"),
        (0.11, "which of the two earns more is not shown, it earns more in 11.0 % of bootstrap samples", "and shown"),
        (0.03, "which does earn more on these customers (it earns more in 3.0 %", "not shown"),
    ],
    ids=["shown", "not shown", "the other earns more"],
)
def test_no_more_is_claimed_than_resampling_shows(
    share: float, words: str, absent: str, pictures: Path, tmp_path: Path
) -> None:
    report = small_report(pictures)
    first, second = report.candidates
    text = written(
        dataclasses.replace(report, candidates=(first, dataclasses.replace(second, winner_better=share))), tmp_path
    ).text
    assert words in text
    assert absent not in text
    assert " won" not in text
    assert ("It was chosen for its probabilities (log loss" in text) == (share < 0.95)


def test_the_page_shows_all_it_was_given(pictures: Path, tmp_path: Path) -> None:
    text = written(small_report(pictures), tmp_path).text
    of_the_run = (
        "0123abcd",
        "customers.csv",
        "Linear, finished",
        "0.25 ms",
        "One answer takes 0.50 ms.",
        "More is better.",
        "Glossary",
    )
    of_the_verdict = ("No: it did not pass every rule.", "It may not earn more.", "not passed")
    of_customers = ("gender = (not known)", "4 (used)", "40.0 %, 30.0 %", "Calls cost 2.00 (assumed).")
    expected = (*of_the_run, *of_the_verdict, *of_customers)
    assert [words for words in expected if words not in text] == []


def test_what_is_simulated_and_assumed_is_called_so(pictures: Path, tmp_path: Path) -> None:
    report = small_report(pictures)
    text = written(report, tmp_path).text
    assert "These customers are simulated" in text
    assert "400 simulated customers" in text
    for words in ("200.00 (assumed)", "10.00 (assumed)", "1.00 (assumed)", "30.0 % accept", "10.0 % of the customers"):
        assert words in text
    real = written(dataclasses.replace(report, simulated=False), tmp_path).text
    assert "simulated" not in real


def test_nothing_is_fetched_and_pictures_are_inside(pictures: Path, tmp_path: Path) -> None:
    page = written(small_report(pictures), tmp_path)
    assert not {"script", "link", "iframe"} & {tag for tag, _, _ in page.attributes}
    sources = [value for _, name, value in page.attributes if name == "src"]
    assert [source.split(",", 1)[0] for source in sources] == ["data:image/png;base64"]
    assert base64.b64decode(sources[0].split(",", 1)[1]) == (pictures / "profit.png").read_bytes()
    assert all(value.startswith("#") for _, name, value in page.attributes if name == "href")


def test_every_table_is_rectangular_and_every_picture_has_words(pictures: Path, tmp_path: Path) -> None:
    page = written(small_report(pictures), tmp_path)
    # Heads and rows in the order of the page: candidates, held out, verdict, groups, segments.
    assert page.columns == [10, 10, 10, 8, 8, 3, 3, 8, 8, 8, 8, 5, 5]
    assert [value for tag, name, value in page.attributes if (tag, name) == ("img", "alt")] == ["Profit"]


def test_names_cannot_become_markup(pictures: Path, tmp_path: Path) -> None:
    attack = '"><script>alert(1)</script>&amp;'
    report = small_report(pictures)
    names = ("usecase", "run_id", "created", "data_source", "measured_on", "reason", "winner")
    texts: dict[str, Any] = dict.fromkeys(names, attack)
    first, second = report.candidates
    named = dataclasses.replace(
        report,
        candidates=(dataclasses.replace(first, title=attack), dataclasses.replace(second, title=attack + "2")),
        held_out=dataclasses.replace(first, title=attack),
        pictures=(Picture(attack, attack, pictures / "roc.png"),),
        fairness=(dataclasses.replace(report.fairness[0], group=attack, value=attack),),
        verdict=Verdict(True, (Finding(attack, passed=True, sentence=attack),)),
        assumptions=(attack,),
        **texts,
    )
    page = written(named, tmp_path)
    assert "script" not in {tag for tag, _, _ in page.attributes}
    assert "<script" not in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.text.count("<script>alert(1)</script>&amp;") >= 14


def test_what_was_not_measured_is_left_out(tmp_path: Path) -> None:
    churned, candidates = simulated()
    report = Report(
        usecase="Banking",
        run_id="1",
        created="today",
        data_source="a.csv",
        simulated=False,
        customers=400,
        churn_rate=0.25,
        measured_on="a holdout",
        winner="Linear",
        reason="",
        candidates=(Standing("Linear", evaluate(churned, candidates["Linear"], RULE)),),
        rule=RULE,
    )
    text = written(report, tmp_path).text
    assert "1 model, on a holdout" in text
    assert "Time for one answer" not in text
    absent = ("None", "nan", "In pictures", "Groups of", "Segments", "May it replace", "never seen", "than the best")
    assert [words for words in absent if words in text] == []


def test_numbers_that_do_not_exist_are_a_dash(pictures: Path, tmp_path: Path) -> None:
    report = small_report(pictures)
    row = report.candidates[0]
    unknown = dataclasses.replace(
        row, metrics={**row.metrics, "roc_auc": float("nan")}, intervals={"roc_auc": (float("nan"), float("nan"))}
    )
    text = written(dataclasses.replace(report, candidates=(unknown,)), tmp_path).text
    assert "nan" not in text
    assert "– –" in text


def test_where_no_campaign_pays_the_page_says_so(pictures: Path, tmp_path: Path) -> None:
    rule = msgspec.structs.replace(RULE, offer_cost=300.0)
    churned, candidates = simulated()
    rows = tuple(Standing(title, evaluate(churned, answers, rule)) for title, answers in candidates.items())
    text = written(dataclasses.replace(small_report(pictures), candidates=rows, rule=rule), tmp_path).text
    assert "no campaign pays" in text


def test_a_winner_who_did_not_compete_is_refused(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="none of the candidates"):
        write_report(tmp_path / "report.html", dataclasses.replace(small_report(pictures), winner="Unknown"))
    assert not (tmp_path / "report.html").exists()


def test_a_comparison_is_four_pictures(pictures: Path) -> None:
    assert sorted(file.name for file in pictures.iterdir()) == ["calibration.png", "lift.png", "profit.png", "roc.png"]
    assert all(file.read_bytes().startswith(PNG) for file in pictures.iterdir())


def test_many_candidates_at_the_ends_of_the_scale_can_be_drawn(tmp_path: Path) -> None:
    """Probabilities of 0 and 1, equal ones, and more candidates than colours."""
    churned = numpy.repeat([0, 1], 30)
    answers = [churned.astype(float), numpy.full(60, 0.5), *numpy.random.default_rng(1).random((6, 60))]
    named = {
        f"A candidate with a title that needs two lines, number {number}": one for number, one in enumerate(answers)
    }
    draw_comparison(churned, named, RULE, "60 simulated customers", tmp_path)
    assert len(list(tmp_path.iterdir())) == 4


def test_curves_of_one_model_are_three_pictures(tmp_path: Path) -> None:
    churned, candidates = simulated()
    draw_curves(churned, candidates["Linear"], RULE, "400 simulated customers", tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["calibration.png", "profit.png", "roc.png"]
