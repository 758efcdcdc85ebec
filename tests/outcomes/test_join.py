"""Whatever is answered and said, in whatever order and however often: the report is that of a reader with patience."""

import random
import tempfile
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from churn_monitoring.outcomes.report import Asked
from tests.outcomes.answered import FIRST, LAST, WINDOW, Answer, Home

NAMES = ("a", "b", "c", "d")
START = date(2026, 9, 1)
AS_OF = date(2026, 10, 25)


class Said(NamedTuple):
    customer: str
    left: bool
    day: int

    def row(self) -> tuple[str, str, date]:
        return self.customer, "yes" if self.left else "no", START + timedelta(days=self.day)


class Known(NamedTuple):
    left: bool
    day: int


statements = st.builds(Said, st.sampled_from((*NAMES, "nobody")), st.booleans(), st.integers(-5, 54))
loads = st.lists(st.lists(statements, min_size=1, max_size=6), min_size=1, max_size=3)
answers = st.lists(
    st.builds(
        lambda customer, day, eighth, model, second: Answer(
            customer, START + timedelta(days=day), eighth / 8, model=model, second=second
        ),
        st.sampled_from((*NAMES, None)), st.integers(0, 29), st.integers(0, 8), st.integers(0, 1),
        st.integers(0, 40_000),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda answer: (answer.customer, answer.model, answer.day, answer.second),
)  # fmt: skip
few = settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])


def step(known: Known | None, says: Known) -> Known:
    """What is known after one more statement."""
    if known is None or says.left:
        return says
    if known.left:
        return says if says.day >= known.day else known
    return max(known, says)


def resolved(files: Sequence[Sequence[Said]]) -> dict[str, Known]:
    """What holds of each customer, file by file: a file is one statement of each customer in it."""
    found: dict[str, Known] = {}
    for file in files:
        of_file: dict[str, Known] = {}
        for said in file:
            of_file[said.customer] = step(of_file.get(said.customer), Known(said.left, said.day))
        for customer, known in of_file.items():
            found[customer] = step(found.get(customer), known)
    return found


def state(answer: Answer, known: dict[str, Known]) -> str:
    day = (answer.day - START).days
    if answer.customer is None:
        return "nameless"
    if day + WINDOW > (AS_OF - START).days:
        return "pending"
    found = known.get(answer.customer)
    if found is None:
        return "unlabelled"
    if found.left and found.day < day:
        return "after_leaving"
    return "known" if found.left or found.day >= day + WINDOW else "unseen"


Counted = dict[str, tuple[Counter[str], int, int, float]]


def expected(asked: Sequence[Answer], files: Sequence[Sequence[Said]]) -> Counted:
    """By version: answers by state; customers, leavers, sum of probabilities of the first known answers."""
    known = resolved(files)
    found: Counted = {}
    for model in sorted({answer.model for answer in asked}):
        of_model = [answer for answer in asked if answer.model == model]
        judged = [answer for answer in of_model if state(answer, known) == "known"]
        judged.sort(key=lambda answer: (answer.customer or "", answer.day, answer.second))
        first = [next(each) for _, each in groupby(judged, key=lambda answer: answer.customer)]
        leavers = 0
        for answer in first:
            of = known[answer.customer or ""]
            leavers += of.left and of.day <= (answer.day - START).days + WINDOW
        states = Counter(state(answer, known) for answer in of_model)
        found[str(model + 1)] = (states, len(first), leavers, sum(answer.probability for answer in first))
    return found


def reported(home: Home) -> Counted:
    found: Counted = {}
    for of in home.report(Asked((FIRST, LAST), as_of=AS_OF)).models:
        quality = of.slices[0].quality if of.slices else None
        customers, leavers = (quality.customers, quality.leavers) if quality else (0, 0)
        probabilities = quality.mean_probability * customers if quality else 0.0
        states = Counter({each: count for each, count in of.states.items() if count})
        found[of.model.version] = (states, customers, leavers, round(probabilities, 9))
    return found


def home_with(asked: Sequence[Answer], files: Sequence[Sequence[Said]], folder: str) -> Home:
    home = Home(Path(folder))
    home.answered(*asked)
    for file in files:
        home.said(*(said.row() for said in file))
    return home


@few
@given(answers, loads)
def test_the_join_is_that_of_a_patient_reader(asked: list[Answer], files: list[list[Said]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert reported(home_with(asked, files, folder)) == expected(asked, files)


@few
@given(answers, loads)
def test_a_file_that_is_loaded_again_changes_nothing(asked: list[Answer], files: list[list[Said]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = home_with(asked, files, folder)
        before = reported(home)
        again = home.said(*(said.row() for said in files[-1]))
        assert (again.kept, again.findings["repeated"].customers) == (0, again.customers)
        assert reported(home) == before


@st.composite
def truths(draw: st.DrawFn) -> list[Said]:
    """Statements none of which contradicts another: days on which customers were seen before they left, if they did."""
    said = []
    for name in NAMES:
        left = draw(st.none() | st.integers(-5, 54))
        until = 54 if left is None else left - 1
        said += [Said(name, False, draw(st.integers(-10, until))) for _ in range(draw(st.integers(0, 3)))]
        said += [] if left is None else [Said(name, True, left)] * draw(st.integers(1, 2))
    return said or [Said("a", False, 3)]


@few
@given(answers, truths(), st.randoms(use_true_random=False), st.integers(1, 3))
def test_statements_that_do_not_contradict_each_other_may_come_in_any_order(
    asked: list[Answer], said: list[Said], source: random.Random, parts: int
) -> None:
    shuffled = list(said)
    source.shuffle(shuffled)
    files = [file for part in range(parts) if (file := shuffled[part::parts])]
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        home = home_with(asked, files, first)
        assert reported(home) == reported(home_with(asked, [said], second))


@few
@given(answers, loads, st.lists(st.integers(-5, 54), min_size=len(NAMES), max_size=len(NAMES)))
def test_what_was_wrong_before_a_correction_makes_no_difference(
    asked: list[Answer], wrong: list[list[Said]], days: list[int]
) -> None:
    right = [Said(name, True, day) for name, day in zip(NAMES, days, strict=True)]
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        corrected = home_with(asked, [*wrong, right], first)
        assert reported(corrected) == reported(home_with(asked, [right], second))
