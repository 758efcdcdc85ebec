"""A period's answers and what became of their customers."""

import random
from datetime import UTC, date, datetime, timedelta

import msgspec
import numpy
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from churn_model.money import net
from churn_model.prediction_log.pseudonyms import PseudonymKey
from churn_model.prediction_log.records import ModelNote
from churn_model.profit import empc
from churn_model.usecase import parse_usecase
from churn_monitoring.outcomes.documents import NONE_KNOWN, TOO_FEW, report_text
from churn_monitoring.outcomes.page import write_page
from churn_monitoring.outcomes.report import Arms, Asked, Report
from churn_monitoring.outcomes.slices import Slice
from churn_monitoring.prediction_log.metrics import ShipperMetrics
from churn_monitoring.prediction_log.shipping import ship
from tests.outcomes.answered import DOCUMENT, FIRST, LAST, MODELS, SAMPLE, WINDOW, Answer, Home, note_of
from tests.prediction_log.shipped import KEY, write_segment

SEEN = date(2026, 10, 31)


def known(home: Home) -> int:
    return home.only_model().states["known"]


def test_each_answer_is_counted_by_what_is_known_of_its_customer(home: Home) -> None:
    day = date(2026, 9, 10)
    names = ["left", "stayed", "left after the window", "unseen", "stranger", "gone before", None]
    home.answered(*(Answer(name, day) for name in names), Answer("left", LAST + timedelta(days=9)))
    home.said(
        ["left", "yes", "2026-10-10"], ["stayed", "no", "2026-10-10"], ["left after the window", "yes", "2026-10-11"],
        ["unseen", "no", "2026-10-09"], ["gone before", "yes", "2026-09-09"], ["not answered", "no", SEEN],
    )  # fmt: skip
    found = home.only_model()
    assert found.states == {
        "known": 3, "unseen": 1, "unlabelled": 1, "after_leaving": 1, "nameless": 1, "pending": 0,
    }  # fmt: skip
    assert (found.slices[0].quality.customers, found.slices[0].quality.leavers) == (3, 1)


def test_an_answer_whose_window_is_not_over_is_not_judged_even_if_its_customer_has_left(home: Home) -> None:
    home.answered(Answer("a", date(2026, 9, 10)), Answer("b", date(2026, 9, 20)))
    home.said(["a", "no", "2026-10-15"], ["b", "yes", "2026-09-21"])
    assert home.only_model().states["pending"] == 1
    assert known(home) == 1
    early = Asked((FIRST, LAST), as_of=date(2026, 10, 9))
    assert home.only_model(early).states["pending"] == 2
    assert home.only_model(early).slices == ()


def test_a_model_of_which_nothing_is_known_yet_says_so(home: Home) -> None:
    home.answered(Answer("a", date(2026, 9, 20)))
    home.said(["somebody else", "no", FIRST])
    found, page = home.report(), home.folder / "report.html"
    write_page(found, page)
    assert NONE_KNOWN in report_text(found)
    assert NONE_KNOWN in page.read_text()
    home.said(["a", "no", SEEN])
    assert NONE_KNOWN not in report_text(home.report())


def test_leavers_who_are_known_sooner_than_stayers_are_not_judged_alone(home: Home) -> None:
    home.answered(Answer("a", date(2026, 9, 10)), Answer("b", date(2026, 9, 10)))
    home.said(["a", "no", "2026-10-09"], ["b", "yes", "2026-10-10"])
    assert home.report().question.as_of == date(2026, 10, 9)
    assert home.only_model().states["pending"] == 2


def test_one_customer_who_was_seen_later_than_all_others_does_not_speak_for_them(home: Home) -> None:
    customers = [f"c{number}" for number in range(20)]
    home.answered(*(Answer(name, LAST) for name in customers))
    home.said(*([name, "no", "2026-10-09"] for name in customers[:-2]), ["c18", "no", SEEN], ["c19", "yes", SEEN])
    assert home.report().question.as_of == date(2026, 10, 9)
    assert home.only_model().states["pending"] == len(customers)
    home.said(*([name, "no", SEEN] for name in customers[:2]))
    assert home.report().question.as_of == SEEN


def test_a_customer_counts_once_a_model_with_the_first_answer(home: Home) -> None:
    home.answered(
        Answer("a", date(2026, 9, 12), 0.9, second=1), Answer("a", date(2026, 9, 12), 0.2),
        Answer("a", date(2026, 9, 30), 0.7),
        Answer("a", date(2026, 9, 12), 0.6, model=1), Answer("b", date(2026, 9, 12), 0.4),
    )  # fmt: skip
    home.said(["a", "yes", "2026-10-12"], ["b", "no", SEEN])
    first, second = home.report().models
    assert (first.model.version, second.model.version) == ("1", "2")
    assert first.states["known"] == 4
    assert first.slices[0].quality.customers == 2
    assert first.slices[0].quality.mean_probability == pytest.approx(0.3)
    assert second.slices[0].quality.mean_probability == pytest.approx(0.6)


def customers(count: int, seed: int = 1) -> tuple[list[Answer], list[list[object]]]:
    """Answers of probabilities that are right, and what became of the customers."""
    source = random.Random(seed)
    answers: list[Answer] = []
    labels: list[list[object]] = []
    for number in range(count):
        answer = Answer(
            f"c{number}", FIRST + timedelta(days=source.randrange(30)), source.betavariate(1, 3),
            source.randint(1, 3), source.choice(["call", "mail", "none", None, "gone"]), source.uniform(-1, 4),
            source.choice([None, 20.0, 55.5, 110.0]), source.choice(["north", "south", None]),
        )  # fmt: skip
        left = source.random() < answer.probability
        day = answer.day + timedelta(days=source.randrange(WINDOW)) if left else SEEN
        answers.append(answer)
        labels.append([answer.customer, "yes" if left else "no", day])
    return answers, labels


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Answer], numpy.ndarray, Report]:
    home = Home(tmp_path_factory.mktemp("judged"))
    answers, labels = customers(1500)
    home.answered(*answers)
    home.said(*labels)
    left = numpy.array([label[1] == "yes" for label in labels], dtype=float)
    return answers, left, home.report()


Judged = tuple[list[Answer], numpy.ndarray, Report]


def test_quality_is_that_of_the_very_scores(judged: Judged) -> None:
    answers, left, found = judged
    scores = numpy.array([answer.probability for answer in answers])
    quality = found.models[0].slices[0].quality
    assert quality.auc is not None
    assert quality.auc_error is not None
    assert quality.brier is not None
    assert quality.calibration is not None
    assert quality.auc_error < 1e-4
    assert quality.auc.estimate == pytest.approx(roc_auc_score(left, scores), abs=quality.auc_error + 1e-12)
    assert quality.brier.estimate == pytest.approx(brier_score_loss(left, scores), abs=1e-5)
    assert quality.churn_rate.estimate == pytest.approx(left.mean())
    assert quality.calibration.difference.estimate == pytest.approx(left.mean() - scores.mean(), abs=1e-9)
    slope = quality.calibration.slope
    assert slope is not None
    assert slope.lower is not None
    assert slope.upper is not None
    assert slope.lower < 1 < slope.upper


def test_segments_and_groups_that_are_kept_are_slices_of_the_same_customers(judged: Judged) -> None:
    answers, left, found = judged
    slices = {each.slice: each.quality for each in found.models[0].slices}
    regions = {"north", "south", "missing"}
    assert set(slices) == {
        Slice("all", ""), *(Slice("segment", str(each)) for each in (1, 2, 3)),
        *(Slice("region", each) for each in regions),
    }  # fmt: skip
    for segment in (1, 2, 3):
        chosen = numpy.array([answer.segment == segment for answer in answers])
        quality = slices[Slice("segment", str(segment))]
        assert (quality.customers, quality.leavers) == (chosen.sum(), left[chosen].sum())
    south = numpy.array([answer.region == "south" for answer in answers])
    assert slices[Slice("region", "south")].leavers == left[south].sum()
    assert found.lost_groups == ("gender",)


def test_levels_of_one_name_are_one_slice(home: Home) -> None:
    regions = [None, None, "missing", "others", *(f"region {number}" for number in range(40))]
    names = [f"c{place}" for place in range(len(regions))]
    home.answered(*(Answer(name, FIRST, region=region) for name, region in zip(names, regions, strict=True)))
    home.said(*([name, "no", SEEN] for name in names))
    slices = [each for each in home.only_model().slices if each.slice.kind == "region"]
    assert len({each.slice for each in slices}) == len(slices)
    assert sum(each.quality.customers for each in slices) == len(regions)
    assert all(each.money.decided == each.quality.customers for each in slices)
    assert {each.slice.level: each.quality.customers for each in slices}["missing"] == 3


def test_money_follows_the_one_rule_customer_by_customer(judged: Judged) -> None:
    answers, left, found = judged
    money = found.models[0].slices[0].money
    factor = SAMPLE.kept_factor
    mean = numpy.mean([answer.charges for answer in answers if answer.charges is not None]) * factor
    actions = {action.id: action for action in SAMPLE.actions}
    brought, expected = [], []
    for answer, leaves in zip(answers, left, strict=True):
        if answer.action in ("call", "mail"):
            action = actions[answer.action]
            value = mean if answer.charges is None else answer.charges * factor
            brought.append(net(action.effect * leaves, leaves, value, action.contact, action.offer))
        elif answer.action == "none":
            brought.append(0.0)
        if answer.action in ("call", "mail", "none"):
            expected.append(answer.expected or 0.0)
    assert money.decided == len(brought)
    assert money.unknown_actions == sum(answer.action == "gone" for answer in answers)
    assert money.profit is not None
    assert money.profit.upper is not None
    assert money.profit.estimate == pytest.approx(numpy.mean(brought))
    error = 1.959964 * numpy.std(brought, ddof=1) / len(brought) ** 0.5
    assert money.profit.upper - money.profit.estimate == pytest.approx(error, rel=1e-6)
    assert money.expected == pytest.approx(numpy.mean(expected))
    assert money.earned is not None
    assert money.earned.estimate == pytest.approx(numpy.sum(brought))
    assert money.earned.upper == pytest.approx(money.profit.upper * len(brought))
    rule = parse_usecase({**DOCUMENT, "profit": {"customer_value": float(mean)}}, "sample.yaml").profit
    scores = numpy.array([answer.probability for answer in answers])
    assert money.empc is not None
    assert money.empc.estimate == pytest.approx(empc(left, scores, rule).profit, rel=1e-3)


def test_the_effect_of_a_campaign_is_told_against_the_control_of_each_action(home: Home) -> None:
    plan = []
    counts = {
        ("call", "call"): (40, 4),
        ("control", "call"): (40, 12),
        ("mail", "mail"): (30, 6),
        ("none", "none"): (50, 5),
    }
    answers, labels = [], []
    for (arm, planned), (many, leavers) in counts.items():
        for number in range(many):
            name = f"{arm}-{planned}-{number}"
            plan.append([name, arm, planned])
            answers.append(Answer(name, date(2026, 9, 10)))
            labels.append([name, "yes" if number < leavers else "no", "2026-10-10"])
    home.answered(*answers)
    home.said(*labels)
    arms = Arms(home.file(plan, "id,arm,planned_action"), home.keys)
    (effect,) = home.only_model(Asked((FIRST, LAST), arms=arms)).slices[0].effects
    assert (effect.arm, effect.customers, effect.leavers) == ("call", 40, 4)
    assert (effect.control_customers, effect.control_leavers) == (40, 12)
    assert effect.reduction.estimate == pytest.approx(0.2)
    # Newcombe (1998), method 10, of 12/40 and 4/40
    assert (effect.reduction.lower, effect.reduction.upper) == pytest.approx((0.0232, 0.3657), abs=0.0005)


def test_answers_by_a_former_key_are_found_by_it(home: Home) -> None:
    home.keys = (KEY, PseudonymKey("second", b"s" * 32))
    home.answered(Answer("old", date(2026, 9, 10)))
    home.answered(Answer("new", date(2026, 9, 10)), key=home.keys[1])
    loaded = home.said(["old", "yes", "2026-10-01"], ["new", "no", SEEN])
    assert (loaded.customers, loaded.kept, loaded.findings["unknown"].customers) == (2, 4, 0)
    quality = home.only_model().slices[0].quality
    assert (quality.customers, quality.leavers) == (2, 1)


def test_the_last_whole_month_that_can_be_judged_is_reported_unless_others_are_asked_for(home: Home) -> None:
    home.answered(Answer("a", date(2026, 8, 3)), Answer("a", date(2026, 9, 3)))
    home.said(["a", "no", "2026-10-29"])
    assert (home.report(Asked()).question.first, home.report(Asked()).question.last) == (
        date(2026, 8, 1),
        date(2026, 8, 31),
    )
    home.said(["a", "no", "2026-10-30"])
    assert home.report(Asked()).question.last == LAST


def test_no_money_is_told_where_nobody_says_what_customers_are_worth(home: Home) -> None:
    home.usecase = parse_usecase({key: value for key, value in DOCUMENT.items() if key != "value"}, "sample.yaml")
    home.answered(Answer("a", FIRST), Answer("b", FIRST))
    home.said(["a", "no", SEEN], ["b", "yes", "2026-09-10"])
    money = home.only_model().slices[0].money
    assert (money.empc, money.profit, money.expected, money.decided) == (None, None, None, 2)


def test_a_table_without_any_kept_feature_is_read_beside_others(home: Home) -> None:
    bare = ModelNote(0, "sample", "churn-sample", "1", MODELS[0].digest, (), ())
    home.answered(Answer("a", FIRST))
    home.said(["a", "no", SEEN], ["b", "yes", "2026-09-10"])
    note = note_of(Answer("b", FIRST))
    customer = msgspec.structs.replace(note.customers[0], values=())
    write_segment(home.folder / "segments", bare, msgspec.structs.replace(note, customers=(customer,)))
    ship(home.folder / "segments", home.store, ShipperMetrics(), print)
    assert {each.slice for each in home.only_model().slices if each.slice.kind == "region"} == {
        Slice("region", "north"), Slice("region", "missing"),
    }  # fmt: skip


def test_slices_of_too_few_leavers_tell_counts_and_withhold_the_rest(home: Home) -> None:
    names = [f"c{number}" for number in range(60)]
    home.answered(*(Answer(name, FIRST, 0.1 + 0.01 * number) for number, name in enumerate(names)))
    home.said(*([name, "yes" if number % 7 == 0 else "no", SEEN] for number, name in enumerate(names)))
    found = home.report()
    (each, *_) = found.models[0].slices
    assert (each.quality.customers, each.quality.leavers) == (60, 0)  # those of SEEN left after the window
    assert each.quality.churn_rate.upper is not None
    assert (each.quality.auc, each.quality.brier, each.quality.calibration) == (None, None, None)
    assert (each.money.empc, each.money.profit, each.money.expected, each.money.earned) == (None,) * 4
    assert each.money.decided == 60
    assert TOO_FEW in report_text(found)


def test_a_report_says_until_when_it_was_told_and_how_many_were_corrected(home: Home) -> None:
    home.answered(*(Answer(name, FIRST) for name in "abcd"))
    home.said(["a", "yes", "2026-09-10"], ["b", "yes", "2026-09-10"], ["c", "no", "2026-10-15"], ["d", "no", SEEN])
    before = home.report()
    home.said(["a", "no", SEEN], ["b", "yes", "2026-09-11"], ["c", "no", SEEN], ["gone", "yes", "2026-09-10"])
    home.said(["gone", "no", SEEN])
    after = home.report()
    assert (before.corrected, after.corrected) == (0, 2)
    assert before.said_until <= after.said_until <= datetime.now(UTC)
    assert "of 2 of those who are judged something else was said before" in report_text(after)
