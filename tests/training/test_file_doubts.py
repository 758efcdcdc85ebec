"""A file made so that a contest comes out as wanted is refused, as far as anybody can tell; honest ones are not."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy
import pandas
import pytest

from churn_data.dataset import Dataset
from churn_data.sources import read_customers
from churn_model.holdout import Holdout, position
from churn_model.manifest import KnownFile, TrainingData
from churn_model.package import Package
from churn_training.comparison.champion_contest import Challenger, ChampionDecision, CurrentChampion, contest
from churn_training.comparison.common_ground import NoContestError
from churn_training.comparison.file_doubts import WholeFile, is_newer, require_fit
from churn_training.comparison.known_file import exchanged, known_file, shared
from churn_training.comparison.likeness import doubled_by_chance, likeness_of, nearer_by_chance
from churn_training.comparison.splits import holdout_of, split_by
from tests.training.contests import NAME, Opposite, Spoilt

Table = pandas.DataFrame
SALT, SHARE = f"holdout of {NAME}", 1 / 6


@pytest.fixture(scope="module")
def table(telco: Dataset) -> Table:
    assert telco.origin is not None
    return pandas.read_csv(telco.origin.path, dtype=str, keep_default_na=False)


def whole(read: Dataset) -> WholeFile:
    rule = holdout_of(read, parts=3)
    learnt, held_out = (read.take(places) for places in split_by(read, rule, 0))
    return WholeFile.of(read, rule, learnt, held_out)


def read_from(table: Table, telco: Dataset, folder: Path) -> Dataset:
    table.to_csv(folder / "file.csv", index=False)
    return read_customers(folder / "file.csv", telco.usecase)


def champions(telco: Dataset) -> TrainingData:
    return TrainingData("0" * 64, holdout=Holdout(SALT, SHARE, "customerID"), file=whole(telco).known)


def held(table: Table) -> numpy.ndarray:
    return numpy.array([position(SALT, customer) < SHARE for customer in table["customerID"]])


def doubles(table: Table) -> Table:
    """Of all held out, under new ids; a few cents and another way to pay make them others."""
    likes = table[held(table)].copy()
    likes["customerID"] = [f"new-{number}" for number in range(len(likes))]
    likes["MonthlyCharges"] = (likes["MonthlyCharges"].astype(float) + 0.35).round(2).astype(str)
    likes["PaymentMethod"] = "Mailed check"
    return pandas.concat([table, likes], ignore_index=True)


def everybody_twice(table: Table) -> Table:
    """Under ids by chance, with a few cents more."""
    likes = table.assign(customerID=[f"new-{number}" for number in range(len(table))])
    likes["MonthlyCharges"] = (likes["MonthlyCharges"].astype(float) + 0.35).round(2).astype(str)
    return pandas.concat([table, likes], ignore_index=True)


def everybody_three_times(table: Table) -> Table:
    others = table.assign(customerID=[f"other-{number}" for number in range(len(table))], PaymentMethod="Mailed check")
    return pandas.concat([everybody_twice(table), others], ignore_index=True)


def without_half_of_those_held_out(table: Table) -> Table:
    return Table(table[~held(table) | (numpy.arange(len(table)) % 2 == 0)])


def a_part(table: Table) -> Table:
    return table.query("Contract == 'Month-to-month'")


def a_fifth_changed(table: Table) -> Table:
    """As honest corrections do: everybody is there, of some with another bill."""
    changed = table.assign(MonthlyCharges=table["MonthlyCharges"].astype(float))
    changed.loc[changed.index % 5 == 0, "MonthlyCharges"] += 0.25
    return changed.assign(MonthlyCharges=changed["MonthlyCharges"].round(2).astype(str))


def swapped(table: Table) -> Table:
    return table.rename(columns={"Partner": "Dependents", "Dependents": "Partner"})


def rotated(table: Table) -> Table:
    names = ["PhoneService", "PaperlessBilling", "Dependents"]
    return table.rename(columns=dict(zip(names, [*names[1:], names[0]], strict=True)))


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (doubles, "customers who are held out are more like customers who were learnt from than chance makes them"),
        (everybody_twice, "customers are more like one another than those of the champion's file were"),
        (everybody_three_times, "customers are more like one another than those of the champion's file were"),
        (without_half_of_those_held_out, "about .* would be: some are missing"),
        (a_part, "the file holds about 5\\d% of the rows of the champion's file and few others"),
        (a_fifth_changed, "about 8\\d% of the rows .* as they were, and about [12]\\d% of its own rows are of others"),
        (swapped, 'columns look exchanged, each as another of them did for the champion: "Partner", "Dependents"'),
        (rotated, 'columns look exchanged, .*: "Dependents", "PhoneService", "PaperlessBilling"'),
    ],
    ids=[
        "doubles",
        "everybody twice",
        "everybody three times",
        "held out and gone",
        "a part",
        "a fifth changed",
        "two columns exchanged",
        "three columns exchanged",
    ],
)
def test_a_file_that_was_made_for_it_is_no_ground_for_a_contest(
    made: Callable[[Table], Table], told: str, table: Table, telco: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(NoContestError, match=told):
        require_fit(whole(read_from(made(table), telco, tmp_path)), champions(telco))


def test_columns_that_look_alike_are_told_apart_by_who_left(table: Table, telco: Dataset, tmp_path: Path) -> None:
    alike = table.assign(Dependents=table["Partner"].sample(frac=1.0, random_state=3).to_numpy())
    before = TrainingData("0" * 64, file=whole(read_from(alike, telco, tmp_path)).known)
    with pytest.raises(NoContestError, match='"Partner", "Dependents"'):
        require_fit(whole(read_from(swapped(alike), telco, tmp_path)), before)
    assert before.file is not None
    # A package of before does not say who left.
    former = msgspec.structs.replace(before.file, left=0, leavers={}, leaving={})
    assert exchanged(former, whole(read_from(swapped(alike), telco, tmp_path)).known) == ()


def test_honest_files_are_fit(table: Table, telco: Dataset, tmp_path: Path) -> None:
    """The same file, the same in another order; three months later, with new customers, without who has left."""
    later = table[table["Churn"] == "No"].copy()
    later["tenure"] = (later["tenure"].astype(int) + 3).astype(str)
    later.loc[later.index % 9 == 0, "Churn"] = "Yes"
    new = table.sample(600, random_state=1)
    new["customerID"] = [f"new-{number}" for number in range(len(new))]
    new["tenure"] = "1"
    mixed = table[table.columns[::-1]].sample(frac=1.0, random_state=0)
    for number, file in enumerate((table, mixed, later, pandas.concat([later, new]))):
        folder = tmp_path / str(number)
        folder.mkdir()
        require_fit(whole(read_from(file, telco, folder)), champions(telco))


def test_chance_divides_customers_without_a_doubt(telco: Dataset) -> None:
    """Fifty salts: what tells doubles is a probability."""
    found = []
    for number in range(50):
        rule = Holdout(f"salt {number}", 0.2, "customerID")
        some = telco.take(numpy.random.default_rng(number).choice(len(telco), 900, replace=False))
        found.append(doubled_by_chance(*(some.take(places) for places in split_by(some, rule, 0))))
    assert min(found) > 1e-3
    assert 0.3 < numpy.mean(found) < 0.7


def test_a_file_of_other_customers_is_as_much_like_itself(telco: Dataset) -> None:
    """Smaller and larger than the one before, and churn half as usual: what is said of doubles is a probability."""
    found = []
    for number in range(30):
        order = numpy.random.default_rng(number).permutation(len(telco))
        before, now = telco.take(order[:1200]), telco.take(order[1200 : 1500 + 180 * number])
        if number % 2:
            now = now.take(numpy.flatnonzero((now.churned == 0) | (numpy.arange(len(now)) % 2 == 0)))
        first, second = likeness_of(before), likeness_of(now, 1200)
        assert first is not None
        assert second is not None
        found.append(nearer_by_chance(first, second))
    assert min(found) > 1e-3


def test_what_two_files_share_is_told_by_a_few_of_their_rows(telco: Dataset) -> None:
    halves = telco.take(numpy.arange(3500)), telco.take(numpy.arange(1750, 5250))
    both = shared(*(known_file(half) for half in halves))
    assert both is not None
    assert both.new == pytest.approx(0.5, abs=0.1)
    assert both.old == pytest.approx(0.5, abs=0.1)
    grown = shared(known_file(halves[0]), known_file(telco))
    assert grown is not None
    assert grown.new == pytest.approx(0.5, abs=0.1)
    assert grown.old == 1.0
    assert shared(known_file(telco), known_file(replace(telco, frame=telco.frame.drop(columns="tenure")))) is None
    assert exchanged(known_file(telco), known_file(halves[0])) == ()


def test_what_is_known_of_a_file_is_nobodys_own(telco: Dataset) -> None:
    known = whole(telco).known
    charges = telco.frame["MonthlyCharges"]
    assert charges.min() < min(known.numbers["MonthlyCharges"]) < max(known.numbers["MonthlyCharges"]) < charges.max()
    assert all(share >= 0.01 for shares in known.levels.values() for share in shares.values())
    assert all(share >= 0.01 for shares in known.leaving.values() for share in shares.values())
    assert msgspec.json.decode(msgspec.json.encode(known), type=KnownFile) == known


@pytest.mark.parametrize("until", ["", "2026-02-28"], ids=["no days", "one later day"])
def test_a_byte_more_makes_no_newer_file(until: str, table: Table, telco: Dataset, tmp_path: Path) -> None:
    before = msgspec.structs.replace(champions(telco), until="2026-01-31" if until else "")
    changed = table.copy()
    changed.loc[0, "MonthlyCharges"] = "29.86"
    again = read_from(changed, telco, tmp_path)
    assert again.source.sha256 != telco.source.sha256
    assert not is_newer(whole(again), before, again.source.sha256, until)
    later = table.assign(tenure=(table["tenure"].astype(int) + 1).astype(str))
    (tmp_path / "later").mkdir()
    newer = read_from(later, telco, tmp_path / "later")
    assert is_newer(whole(newer), before, newer.source.sha256, until)
    # Where other columns leave nothing to hold it against, nobody can tell that it is newer.
    fewer = replace(newer, frame=newer.frame.drop(columns="Partner"))
    assert not is_newer(whole(fewer), before, newer.source.sha256, until)
    # A package of before remembers nothing.
    assert is_newer(whole(again), msgspec.structs.replace(before, file=None), again.source.sha256, until)


def held_against(champion: CurrentChampion, challenger: Challenger) -> ChampionDecision:
    return contest(champion, challenger, 1, seed=0)


def test_groups_that_the_use_case_no_longer_names_are_still_compared(
    champion: CurrentChampion, package: Package, held_out: Dataset, telco: Dataset
) -> None:
    assert package.manifest.training_data.file is not None
    assert package.manifest.training_data.file.groups == telco.usecase.groups
    assert telco.usecase.groups
    silent = replace(held_out, usecase=msgspec.structs.replace(held_out.usecase, groups=()))
    place = held_out.frame.columns.tolist().index("SeniorCitizen")
    harmful = Challenger(Spoilt(package.scorer, place), silent, Holdout(SALT, SHARE, "customerID"), 0.265)
    decision = held_against(champion, harmful)
    assert decision.verdict is not None
    (groups,) = [finding for finding in decision.verdict.findings if finding.rule_name == "groups"]
    assert not groups.passed
    assert "SeniorCitizen = 1 (4 groups compared)" in groups.sentence


def test_a_contest_on_such_a_file_is_none(
    champion: CurrentChampion, package: Package, held_out: Dataset, table: Table, telco: Dataset, tmp_path: Path
) -> None:
    part = whole(read_from(a_part(table), telco, tmp_path))
    rule = Holdout(SALT, SHARE, "customerID")
    decision = held_against(champion, Challenger(package.scorer, held_out, rule, 0.265, file=part))
    assert not decision.promoted
    assert decision.reason.startswith("version 1 stays, no contest is possible: the file holds about 5")
    assert not held_against(champion, Challenger(Opposite(package.scorer), held_out, rule, 0.265, file=part)).promoted
