"""Customers left out because the new model is worse on them are no ground for a contest; honest files are."""

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy
import pandas
import pytest

from churn_cli.programs.attack_files import few_cut
from churn_data.dataset import Dataset
from churn_data.sources import read_customers
from churn_model.manifest import Judged, Manifest
from churn_model.package import Package
from churn_training.comparison.common_ground import NoContestError
from churn_training.comparison.file_doubts import WholeFile, require_fit
from churn_training.comparison.missing_customers import missing_by_chance
from churn_training.comparison.splits import holdout_of, split_by

Table = pandas.DataFrame


@pytest.fixture(scope="module")
def table(telco: Dataset) -> Table:
    assert telco.origin is not None
    return pandas.read_csv(telco.origin.path, dtype=str, keep_default_na=False)


def require(table: Table, telco: Dataset, package: Package, folder: Path, without: str = "") -> None:
    """That a file, of a use case without a feature, is fit for a contest with the package's model."""
    table.to_csv(folder / "file.csv", index=False)
    features = tuple(feature for feature in telco.usecase.features if feature.name != without)
    read = read_customers(folder / "file.csv", msgspec.structs.replace(telco.usecase, features=features))
    rule = holdout_of(read, parts=3)
    learnt, held_out = (read.take(places) for places in split_by(read, rule, 0))
    manifest: Manifest = package.manifest
    require_fit(WholeFile.of(read, rule, learnt, held_out), manifest.training_data, manifest.schema)


def remembered(package: Package) -> Judged:
    assert package.manifest.training_data.file is not None
    assert package.manifest.training_data.file.judged is not None
    return package.manifest.training_data.file.judged


@pytest.mark.parametrize(
    ("share", "without"), [(0.05, ""), (0.09, ""), (0.09, "StreamingTV")], ids=["a twentieth", "nine", "fewer features"]
)
def test_customers_left_out_on_purpose_are_missed(
    share: float, without: str, table: Table, telco: Dataset, package: Package, tmp_path: Path
) -> None:
    cut, _ = few_cut(share)(table, telco.usecase, 1)
    with pytest.raises(NoContestError, match=r"^\d+ of \d+ customers whom the champion was judged on are missing, and"):
        require(cut, telco, package, tmp_path, without)
    # A package of before remembers nobody.
    before = package.manifest.training_data
    assert before.file is not None
    former = msgspec.structs.replace(before, file=msgspec.structs.replace(before.file, judged=None))
    manifest = msgspec.structs.replace(package.manifest, training_data=former)
    require(cut, telco, replace(package, manifest=manifest), tmp_path, without)


def test_honest_files_are_fit(table: Table, telco: Dataset, package: Package, tmp_path: Path) -> None:
    """The same in another order and without a twentieth by chance; the oldest customers, who hardly leave, a month
    older; all a month later, without those who had left."""
    later = table[table["Churn"] == "No"]
    later = later.assign(tenure=(later["tenure"].astype(int) + 1).astype(str))
    later.loc[later.index % 9 == 0, "Churn"] = "Yes"
    for file in (
        table.sample(frac=0.95, random_state=2),
        table.assign(tenure=table["tenure"].replace("72", "73")),
        later,
    ):
        require(file, telco, package, tmp_path)


def test_who_is_missing_by_chance_is_told_apart_by_a_probability(package: Package) -> None:
    rows = remembered(package).rows
    assert len(rows) > 900
    generator = numpy.random.default_rng(0)
    chances = []
    for _ in range(400):
        kept = generator.random(len(rows)) > generator.choice([0.01, 0.05, 0.1, 0.4])
        chances.append(missing_by_chance(rows, [row.row for row, there in zip(rows, kept, strict=True) if there])[0])
    assert numpy.mean(numpy.array(chances) <= 0.05) <= 0.07
    assert min(chances) > 1e-4


def test_leavers_may_be_gone_as_a_whole_and_the_changed_are_not_missing(package: Package) -> None:
    rows = remembered(package).rows
    stayed = [row.row for row in rows if not row.left]
    assert missing_by_chance(rows, stayed) == (1.0, len(rows) - len(stayed))
    low = [row.row for row in rows if row.answer < 0.5]
    chance, missing = missing_by_chance(rows, low)
    assert chance < 1e-9
    assert missing_by_chance(rows, [*low, *(f"changed {number}" for number in range(missing))]) == (1.0, missing)
    assert missing_by_chance([], low) == (1.0, 0)
    # Where fewer than half are as they were, time has passed.
    assert missing_by_chance(rows, [row.row for row in rows if row.answer < 0.05])[0] == 1.0


def test_nobody_can_be_read_from_what_is_remembered(package: Package, telco: Dataset) -> None:
    known = remembered(package)
    text = msgspec.json.encode(known).decode()
    assert msgspec.json.decode(text, type=Judged) == known
    assert telco.keys is not None
    assert not any(key in text for key in telco.keys.tolist())
    assert all(len(row.row) == 16 for row in known.rows)
    assert len(known.rows) <= 1_000
