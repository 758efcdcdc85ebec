"""Effects count as measured only when a randomised comparison has shown them."""

from datetime import date
from pathlib import Path

import numpy
import pandas
import pytest

from churn_campaigns.campaign.customers import Customers
from churn_campaigns.campaign.eligibility import FROM_HISTORY, NOT_PROVEN, NOT_REACHED, offers
from churn_campaigns.campaign.history import History, read_history
from churn_campaigns.campaign.learning import (
    HARMFUL,
    NOT_RANDOM,
    PROVEN,
    UNKNOWN,
    UNPROVEN,
    Answers,
    Lessons,
    Measured,
    learn_from,
)
from churn_campaigns.campaign.measured_value import measured_value
from churn_campaigns.campaign.orders import Order
from churn_campaigns.campaign.plan import make_plan
from churn_campaigns.campaign.plan_file import Identity, columns_of
from churn_campaigns.experiment.assignment import CONTROL
from churn_campaigns.uplift.cross_fitting import FOLDS, CrossFitted, folds_of
from churn_campaigns.uplift.evidence import Estimate, level_for
from churn_campaigns.uplift.overlap import Reach
from churn_campaigns.uplift.plan_value import Part, plan_value
from churn_campaigns.uplift.randomisation import check_randomisation
from churn_data.errors import DataError
from churn_model.rules import ActionRule
from churn_model.usecase import parse_usecase
from sample_package import sample_schema

Array = numpy.ndarray
SPRING = Identity("sample", date(2026, 1, 1), "", 0.0)
GOOD = ActionRule("good", "Works for many", 2.0, 0.5)
IDLE = ActionRule("idle", "Does nothing", 2.0, 0.5)
RARE = ActionRule("rare", "Hardly tried", 2.0, 0.5)
ACTIONS = (GOOD, IDLE, RARE)


def people(count: int, seed: int) -> pandas.DataFrame:
    generator = numpy.random.default_rng(seed)
    return pandas.DataFrame({"plan": generator.choice(list("ab"), count), "calls": generator.normal(size=count)})


def past(count: int, seed: int, effect: float) -> History:
    """Simulated customers and arms by chance: `good` keeps the share `effect` of them, the others change nothing."""
    generator = numpy.random.default_rng([seed, 1])
    frame = people(count, seed)
    arms = generator.choice(["good", "idle", CONTROL], count)
    arms[:4] = "rare"
    leaves = 0.4 - effect * (arms == "good") + 0.1 * (frame["plan"] == "a").to_numpy()
    churned = (generator.random(count) < leaves).astype(int)
    nothing, unknown = numpy.full(count, ""), numpy.full(count, numpy.nan)
    return History("past.csv", frame, churned, [f"c{n}" for n in range(count)], arms, nothing, nothing, unknown)


@pytest.fixture(scope="module")
def history() -> History:
    return past(1_800, 1, effect=0.25)


@pytest.fixture(scope="module")
def lessons(history: History) -> Lessons:
    return learn_from(history, ACTIONS, numpy.full(1_800, 100.0), seed=0)


def test_an_effect_that_was_shown_is_measured_and_the_others_are_not(lessons: Lessons) -> None:
    verdicts = {name: lesson.verdict for name, lesson in lessons.by_action.items()}
    assert verdicts == {"good": PROVEN, "idle": UNPROVEN, "rare": UNKNOWN}
    assert set(lessons.measured) == {"good"}
    found = lessons.by_action["good"].evidence
    assert found is not None
    assert found.average.mean == pytest.approx(0.25, abs=4 * found.average.error)
    assert lessons.level == level_for(3) == pytest.approx(1 - 0.05 / 6)
    idle = lessons.by_action["idle"].evidence
    assert idle is not None
    assert abs(idle.qini) < 0.15
    assert "at least 10" in lessons.by_action["rare"].why


def customers(count: int, measured: dict[str, Answers]) -> Customers:
    never = numpy.full(count, numpy.nan)
    return Customers(
        [f"n{number}" for number in range(count)], numpy.full(count, 0.4), numpy.ones(count, int),
        numpy.ones(count, int), numpy.full(count, 100.0), measured, {}, never, never,
    )  # fmt: skip


def test_a_plan_says_what_is_measured_and_leaves_out_the_rest_when_asked(lessons: Lessons, history: History) -> None:
    now = people(400, 9)
    now.loc[:99, "plan"] = "never tried"
    lesson = lessons.measured["good"]
    known = Measured(lesson, history.frame.iloc[lesson.comparison.rows], now, seed=0)
    asked = customers(400, {"good": known.answer(now, [f"n{number}" for number in range(400)], numpy.full(400, 0.4))})
    found = offers(asked, ACTIONS)
    assert not found.measured[:100].any()
    assert found.measured[100:, 0].all()
    assert found.effect[:100] == pytest.approx(0.5 * 0.4)
    assert found.effect[100:, 0].mean() == pytest.approx(0.25, abs=0.08)
    only = offers(asked, ACTIONS, proven_only=True)
    assert only.reasons == ({NOT_REACHED: 100}, {NOT_PROVEN: 400}, {NOT_PROVEN: 400})
    plan = make_plan(asked, ACTIONS, Order(1e6, numpy.full(3, -1), 0.0, "", proven_only=True))
    assert (plan.choice[:100] == -1).all()
    assert set(columns_of(asked, plan, SPRING)["effect_source"][:300]) == {FROM_HISTORY}
    value = measured_value(plan, asked, lessons)
    assert value is not None
    # 300 customers, a quarter of a hundred each, less two.
    assert value.mean == pytest.approx(300 * 23.0, abs=4 * value.error)


def test_what_harms_is_given_to_nobody_reached_or_not() -> None:
    history = past(1_500, 3, effect=-0.3)
    found = learn_from(history, ACTIONS[:2], numpy.full(1_500, 100.0), seed=0)
    assert found.by_action["good"].verdict == HARMFUL
    now = people(50, 4)
    now.loc[:9, "plan"] = "never tried"
    answers = Measured(found.measured["good"], history.frame, now, 0).answer(
        now, [f"n{n}" for n in range(50)], numpy.full(50, 0.4)
    )
    assert answers.reached.all()
    assert (answers.effect < 0.0).all()


def test_a_level_for_more_actions_is_higher() -> None:
    assert level_for(1) < level_for(2) < level_for(9) < 1.0


def test_a_mean_of_customers_who_are_there_twice_is_less_sure() -> None:
    values = numpy.repeat(numpy.random.default_rng(0).normal(size=200), 2)
    alone, together = Estimate.of(values), Estimate.of(values, numpy.repeat(numpy.arange(200), 2))
    assert alone is not None
    assert together is not None
    assert together.error == pytest.approx(alone.error * 2**0.5)
    assert Estimate.of(values[:1]) is None


def test_the_interval_of_a_plans_value_holds_the_truth() -> None:
    """Scores with noise and models that are wrong by customer: 400 plans, each judged by other customers' outcomes."""
    inside = 0
    for repeat in range(400):
        generator = numpy.random.default_rng(repeat)
        risk, value = generator.uniform(0.1, 0.6, (2, 2_000))
        value *= 500
        effect = 0.4 * risk - 0.05
        guessed = effect + 0.08 * numpy.sin(20 * risk)
        folds = generator.integers(0, FOLDS, 2_000)
        past_rows, now = numpy.arange(1_200), numpy.arange(1_200, 2_000)
        noise = generator.normal(scale=0.9, size=1_200)
        by_model = numpy.tile([guessed[past_rows], risk[past_rows]], (FOLDS, 1, 1))
        scores = effect[past_rows] + noise
        fitted = CrossFitted(scores, guessed[past_rows], risk[past_rows], folds[past_rows], (), by_model)
        chosen = now[guessed[now] * value[now] > 10]
        part = Part(
            fitted, past_rows, value[past_rows], guessed[chosen], risk[chosen], value[chosen], folds[chosen], 10.0
        )
        found = plan_value([part], past_rows)
        assert found is not None
        low, high = found.interval(0.95)
        inside += low <= (effect[chosen] * value[chosen] - 10.0).sum() <= high
    assert 0.92 <= inside / 400 <= 0.98


def test_folds_are_of_the_id_alone() -> None:
    ids = [f"customer-{number}" for number in range(3_000)]
    folds = folds_of(ids)
    assert (folds_of(ids[::-1]) == folds[::-1]).all()
    assert (numpy.bincount(folds) > 900).all()
    assert len(numpy.bincount(folds)) == FOLDS


def test_arms_that_were_not_dealt_by_chance_are_found_and_nothing_of_them_is_measured() -> None:
    history = past(1_500, 5, effect=0.3)
    generator = numpy.random.default_rng(6)
    likely = 1.0 / (1.0 + numpy.exp(-0.7 * history.frame["calls"].to_numpy()))
    history.arms[:] = numpy.where(generator.random(1_500) < likely, "good", CONTROL)
    lesson = learn_from(history, ACTIONS[:1], numpy.full(1_500, 100.0), seed=0).by_action["good"]
    assert lesson.verdict == NOT_RANDOM
    assert not lesson.measured
    assert "chance did not decide" in lesson.why


def test_arms_dealt_anew_show_effects_as_rarely_as_promised() -> None:
    generator = numpy.random.default_rng(8)
    known = generator.normal(size=(1_000, 5))
    churned = (generator.random(1_000) < 1 / (1 + numpy.exp(1 - known[:, 0]))).astype(int)
    strata = generator.integers(0, 3, 1_000)
    treated = (generator.random(1_000) < numpy.array([0.2, 0.5, 0.9])[strata]).astype(int)
    found = check_randomisation(known, treated, churned, strata, 1.96, seed=0)
    assert 0.02 < found.shown < 0.08
    assert not found.alarm
    assert found.balance > 0.01


def test_customers_whom_no_campaign_reached_are_told_apart() -> None:
    history, now = people(1_500, 1), people(1_500, 2)
    now.loc[:199, "calls"] = 30.0
    now.loc[200:399, "plan"] = "c"
    now.loc[400:419, ["plan", "calls"]] = None
    reached = Reach(history, now, seed=0).reached(now)
    assert not reached[:400].any()
    assert reached[420:].mean() > 0.99


USECASE = parse_usecase(
    {"name": "sample", "id": "customer", "label": {"column": "left", "positive": "yes", "negative": "no"},
     "value": {"column": "charges"}}, "sample.yaml",
)  # fmt: skip
DAYS = {"planned_on": "2026-01-01", "outcome_until": "2026-04-01"}


def pooled(folder: Path, frame: pandas.DataFrame) -> History:
    frame.to_csv(folder / "past.csv", index=False)
    return read_history(folder / "past.csv", USECASE, sample_schema(), ["call", "gift"])


def rows(count: int) -> pandas.DataFrame:
    from sample_package import sample_rows

    frame = pandas.DataFrame(sample_rows(count, 3), columns=list(sample_schema().names))
    frame.insert(0, "customer", [f"c{number}" for number in range(count)])
    return frame.assign(left=["yes", "no"] * (count // 2))


def test_propensities_of_pooled_campaigns_are_those_of_each(tmp_path: Path) -> None:
    """Spring held out half of those it meant to call, autumn one in four and says so; winter held out nobody."""
    frame = rows(28)
    frame["salt_id"] = ["spring"] * 8 + ["autumn"] * 16 + ["winter"] * 4
    frame["planned_action"] = "call"
    frame["arm"] = ["call", CONTROL] * 4 + ["call", "call", "call", CONTROL] * 4 + ["call"] * 4
    frame["propensity"] = [None] * 8 + [0.75] * 16 + [None] * 4
    found = pooled(tmp_path, frame).of("call")
    assert found.rows.tolist() == list(range(24))
    assert found.propensity.tolist() == [0.5] * 8 + [0.75] * 16
    assert len(set(found.strata[:8])) == len(set(found.strata[8:])) == 1
    assert found.strata[0] != found.strata[8]


def test_a_history_may_say_what_the_model_of_before_said(tmp_path: Path) -> None:
    """It is known of all or counts for none; a model trained since would have seen the outcomes."""
    frame = rows(8).assign(arm=["call", CONTROL] * 4, churn_probability=0.25)
    scores = pooled(tmp_path, frame).scores
    assert scores is not None
    assert scores.tolist() == [0.25] * 8
    assert pooled(tmp_path, frame.assign(churn_probability=[0.25] * 7 + [numpy.nan])).scores is None
    with pytest.raises(DataError, match='column "churn_probability", row 9: '):
        pooled(tmp_path, frame.assign(churn_probability=[0.5] * 7 + [1.5]))


def test_an_effect_tried_in_vain_is_assumed_to_be_smaller_and_never_larger(lessons: Lessons) -> None:
    after = {action.id: action for action in lessons.corrected(ACTIONS)}
    before = {action.id: action for action in ACTIONS}
    assert 0.0 <= after["idle"].effect < before["idle"].effect
    assert after["good"].effect == before["good"].effect
    assert after["rare"].effect == before["rare"].effect
    assert {action.source for action in after.values()} == {"assumed"}


def test_a_customer_in_two_campaigns_needs_days_that_are_apart(tmp_path: Path) -> None:
    frame = rows(8).assign(salt_id="spring", arm=["call", CONTROL] * 4, **DAYS)
    later = frame.assign(salt_id="autumn", planned_on="2026-04-01", outcome_until="2026-07-01")
    assert len(pooled(tmp_path, pandas.concat([frame, later])).customers) == 16
    overlapping = pandas.concat([frame, later.assign(planned_on="2026-03-31")])
    with pytest.raises(DataError, match=r'"customer", row 10: the same customer as in row 2, in two campaigns at the'):
        pooled(tmp_path, overlapping)
    with pytest.raises(DataError, match=r"row 10: .* in two campaigns and planned_on or outcome_until is missing"):
        pooled(tmp_path, pandas.concat([frame, later.assign(planned_on=None)]))


@pytest.mark.parametrize("cell", ["0", "1.2", "much"], ids=["none", "above 1", "no number"])
def test_a_propensity_that_is_none_is_refused(cell: str, tmp_path: Path) -> None:
    frame = rows(8).assign(arm=["call", CONTROL] * 4, propensity=[0.5] * 7 + [cell])
    with pytest.raises(DataError, match='column "propensity", row 9: '):
        pooled(tmp_path, frame)
