"""A window to train on is what a patient reader makes of the same answers and labels, row by row, or one line says why
there is none."""

import itertools
import tempfile
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from churn_data.errors import DataError
from churn_data.sources import read_customers
from churn_model.errors import UseCaseError
from churn_model.prediction_log.pseudonyms import PseudonymKey
from churn_model.prediction_log.records import ModelNote
from churn_model.usecase import UseCase, parse_usecase
from churn_monitoring.outcomes.window import Touched, Window, WindowAsked, write_window
from churn_monitoring.prediction_log.metrics import ShipperMetrics
from churn_monitoring.prediction_log.shipping import ship
from churn_training.comparison.splits import folds, holdout, holdout_of, under_other_names
from tests.outcomes.answered import DOCUMENT, LIMITS, WINDOW, Answer, Home, note_of
from tests.outcomes.test_join import Known, Said, resolved
from tests.prediction_log.shipped import KEY, write_segment

FEATURES = ("charges", "region")
START = date(2026, 9, 1)
AS_OF = date(2026, 10, 25)
MONTHS = 2
LAST = (AS_OF - START).days - WINDOW
FIRST = LAST - 60
STAYS, LEAVES = Said("stays", False, 60), Said("leaves", True, 5)
BOTH = [Answer("stays", START, charges=1.0), Answer("leaves", START, charges=2.0)]
ASKED = WindowAsked(FEATURES, MONTHS, AS_OF)
Rows = dict[tuple[str, float], tuple[str, str]]
"""By pseudonym and charges (every answer has its own) the region and the label."""

names = st.sampled_from(("a", "b", "c", "d", "e", None))
answers = st.lists(
    st.builds(
        lambda customer, day, model, second: Answer(customer, START + timedelta(days=day), model=model, second=second),
        names, st.integers(FIRST - 5, LAST + 5), st.integers(0, 1), st.integers(0, 40_000),
    ),
    min_size=12,
    max_size=40,
    unique_by=lambda answer: (answer.customer, answer.day, answer.second),
)  # fmt: skip
spoken_of = st.sampled_from(("a", "b", "c", "d", "e", "nobody"))
statements = st.builds(Said, spoken_of, st.booleans(), st.integers(FIRST - 5, 60))
loads = st.lists(st.lists(statements, min_size=4, max_size=12), min_size=1, max_size=3)


def window(home: Home, asked: WindowAsked = ASKED, usecase: UseCase | None = None) -> tuple[Window, Path]:
    path = home.folder / "window.parquet"
    return write_window(path, usecase or home.usecase, home.store, asked, LIMITS), path


def rows_of(path: Path) -> Rows:
    table = pyarrow.parquet.read_table(path)
    assert table.column_names == ["customer", "charges", "region", "churned"]
    listed = table.to_pylist()
    found = {(row["customer"], row["charges"]): (row["region"], row["churned"]) for row in listed}
    assert len(found) == len(listed)
    return found


def called(customer: str, key: PseudonymKey = KEY) -> str:
    return f"pseudonym-{key.id}-{key.of(customer).hex()}"


def is_known(day: int, known: Known | None) -> bool:
    """Whether somebody can say what became of an answer."""
    if known is None or not FIRST <= day <= LAST:
        return False
    return known.day >= day if known.left else known.day >= day + WINDOW


def expected(asked: Sequence[Answer], files: Sequence[Sequence[Said]]) -> Rows:
    """Customer by customer, month by month, the first answer of which somebody knows what became."""
    holds = resolved(files)
    first: dict[tuple[str, int], Answer] = {}
    for answer in sorted(asked, key=lambda each: (each.day, each.second)):
        day = (answer.day - START).days
        if answer.customer is not None and is_known(day, holds.get(answer.customer)):
            first.setdefault((answer.customer, int((LAST - day) / (365.25 / 12))), answer)
    found: Rows = {}
    for (customer, _), answer in first.items():
        assert answer.charges is not None
        left = holds[customer].left and holds[customer].day <= (answer.day - START).days + WINDOW
        found[called(customer), answer.charges] = (answer.region or "", "yes" if left else "no")
    return found


@settings(max_examples=4, suppress_health_check=[HealthCheck.too_slow])
@given(answers, loads)
def test_a_window_is_that_of_a_patient_reader(asked: list[Answer], files: list[list[Said]]) -> None:
    """However late, often or contradictory labels come: the last file says what the fixed customers do, too."""
    asked = [each._replace(charges=float(place)) for place, each in enumerate([*asked, *BOTH], 10)]
    files = [*files[:-1], [*files[-1], STAYS, LEAVES]]
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        home.answered(*asked)
        for file in files:
            home.said(*(said.row() for said in file))
        made, path = window(home)
        first = path.read_bytes()
        assert rows_of(path) == expected(asked, files)
        assert sum(made.states.values()) == sum(FIRST <= (each.day - START).days <= LAST for each in asked)
        assert (made.rows, made.states["used"]) == (len(rows_of(path)),) * 2
        assert made.leavers == sum(label == "yes" for _, label in rows_of(path).values())
        home.said(*(said.row() for said in files[-1]))  # says again what holds
        window(home)
        assert path.read_bytes() == first


def test_a_label_that_comes_late_counts_when_it_is_there(home: Home) -> None:
    home.answered(*BOTH, Answer("late", START, charges=3.0))
    home.said(STAYS.row(), LEAVES.row())
    made, path = window(home)
    assert (made.rows, made.states["unlabelled"]) == (2, 1)
    home.said(Said("late", False, 10).row())
    made, _ = window(home)
    assert (made.rows, made.states["unseen"]) == (2, 1)
    home.said(Said("late", True, 20).row())
    made, _ = window(home)
    assert (made.rows, rows_of(path)[called("late"), 3.0][1]) == (3, "yes")
    home.said(Said("late", False, 50).row())  # a correction: they were seen after that
    window(home)
    assert rows_of(path)[called("late"), 3.0][1] == "no"
    early = WindowAsked(FEATURES, MONTHS, START + timedelta(days=WINDOW - 1))
    with pytest.raises(DataError, match="no answer of sample from"):
        window(home, early)


def test_whom_a_campaign_has_touched_is_not_learnt_from_but_its_control_is(home: Home) -> None:
    home.answered(*BOTH, *(Answer(name, START, charges=9.0) for name in ("called", "held out", "left alone")))
    home.said(
        STAYS.row(), LEAVES.row(), *(Said(name, False, 60).row() for name in ("called", "held out", "left alone"))
    )
    plan = home.file([("called", "call"), ("held out", "control"), ("left alone", "none")], "customer,arm")
    made, path = window(home, WindowAsked(FEATURES, MONTHS, AS_OF, touched=Touched([plan], [KEY])))
    assert (made.touched, made.control, made.states["treated"], made.rows) == (1, 1, 1, 4)
    assert {name for name, _ in rows_of(path)} == {
        called(name) for name in ("stays", "leaves", "held out", "left alone")
    }
    later = home.file([("held out", "call")], "customer,arm")
    made, _ = window(home, WindowAsked(FEATURES, MONTHS, AS_OF, touched=Touched([plan, later], [KEY])))
    assert (made.touched, made.control, made.rows) == (2, 0, 3)
    assert "nobody was held out of these campaigns" in made.text()
    assert "nobody has said whom campaigns have touched" in window(home)[0].text()


def test_one_key_of_pseudonyms_alone_since_nothing_links_two(tmp_path: Path) -> None:
    other = PseudonymKey("second", b"o" * 32)
    home = Home(tmp_path, keys=(KEY, other))
    home.answered(*BOTH)
    home.answered(Answer("stays", START + timedelta(days=2), charges=5.0), key=other)
    home.said(STAYS.row(), LEAVES.row())
    made, path = window(home)
    assert (made.key, made.rows, made.states["other_key"]) == ("first", 2, 1)
    assert {name for name, _ in rows_of(path)} == {called("stays"), called("leaves")}


def test_answers_of_a_model_that_kept_less_are_left_out(home: Home) -> None:
    home.answered(*BOTH)
    narrow = ModelNote(2, "sample", "churn-sample", "3", f"sha256:{2:064x}", ("charges",), (True,))
    note = note_of(Answer("a", START, model=2))
    (customer,) = note.customers
    less = replace(note, customers=(replace(customer, values=(5.0,)),))
    write_segment(home.folder / "segments", narrow, less)
    assert ship(home.folder / "segments", home.store, ShipperMetrics(), print).rows == 1
    home.answered(Answer("b", START, charges=4.0))
    home.said(STAYS.row(), LEAVES.row(), Said("a", False, 60).row(), Said("b", False, 60).row())
    made, path = window(home)
    assert (made.states["unkept"], {charges for _, charges in rows_of(path)}) == (1, {1.0, 2.0, 4.0})


def test_no_split_divides_a_customer_who_is_there_in_several_months(home: Home) -> None:
    people = [f"c{number}" for number in range(160)]
    days = [START + timedelta(days=day) for day in (LAST - 32, LAST)]
    home.answered(*(
        Answer(name, day, charges=float(place), region=("north", "south")[place % 2])
        for day, (place, name) in itertools.product(days, enumerate(people))
    ))  # fmt: skip
    home.said(*(Said(name, place % 3 == 0, LAST + WINDOW).row() for place, name in enumerate(people)))
    plain = {name: part for name, part in DOCUMENT.items() if name not in ("time", "label")}
    label = {"column": "churned", "positive": "yes", "negative": "no"}
    features = [{"name": "charges", "type": "number"}, {"name": "region", "type": "category"}]
    usecase = parse_usecase({**plain, "label": label, "groups": ["region"], "features": features}, "sample.yaml")
    made, path = window(home, WindowAsked(FEATURES, MONTHS, AS_OF, WINDOW), usecase)
    assert (made.rows, made.customers, made.states["again"]) == (320, 160, 0)
    customers = read_customers(path, usecase, lambda _: None)
    assert (customers.source.hashed_by, customers.customer_count) == ("first", 160)
    for one, other in [holdout(customers, 0), *folds(customers, 0)]:
        assert not numpy.intersect1d(customers.groups[one], customers.groups[other]).size
    assert holdout_of(customers).by == "customer, hashed by first"
    assert under_other_names("customer", holdout_of(customers).by)


@pytest.mark.parametrize(
    ("said", "features", "problem"),
    [
        ([STAYS], FEATURES, "all 1 customers of 2026-07-27 to 2026-09-25 stayed, some who left and some who stayed"),
        ([LEAVES], FEATURES, "all 1 customers of 2026-07-27 to 2026-09-25 left"),
        ([Said("nobody", True, 3)], FEATURES, "nothing to learn from sample's answers of 2026-07-27 to 2026-09-25: 2 "),
        ([STAYS], ("charges", "tenure", "gender"), "`prediction_log.features` does not allow tenure, gender"),
    ],
)  # fmt: skip
def test_what_nothing_can_be_learnt_from_is_one_line(
    home: Home, said: list[Said], features: tuple[str, ...], problem: str
) -> None:
    home.answered(*BOTH)
    home.said(*(each.row() for each in said))
    with pytest.raises((DataError, UseCaseError)) as refused:
        window(home, WindowAsked(features, MONTHS, AS_OF))
    assert problem in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not (home.folder / "window.parquet").exists()


def test_features_that_were_allowed_after_all_answers_are_named(home: Home) -> None:
    home.answered(*BOTH)
    home.said(STAYS.row(), LEAVES.row())
    wider = parse_usecase({**DOCUMENT, "prediction_log": {"features": ["charges", "region", "gender"]}}, "sample.yaml")
    with pytest.raises(DataError, match="have kept all features; missing: gender"):
        window(home, WindowAsked((*FEATURES, "gender"), MONTHS, AS_OF), wider)
    with pytest.raises(DataError, match="no outcome is known yet"):
        window(Home(home.folder / "new"), WindowAsked(FEATURES))
