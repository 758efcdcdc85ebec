"""What a file means: missing cells, types, inferred features, and the same table from CSV and Parquet."""

from pathlib import Path

import msgspec
import numpy
import pandas
import pytest

from churn_data.dataset import Dataset, rows_of, schema_of
from churn_data.files import file_sha256
from churn_data.sources import read_customers
from churn_model.usecase import UseCase
from tests.data.tables import USECASE, write_table


def test_telco_has_eleven_customers_without_total_charges(telco: Dataset) -> None:
    assert len(telco) == 7043
    assert telco.churned.sum() == 1869
    assert telco.frame["TotalCharges"].isna().sum() == 11
    assert telco.frame.isna().sum().sum() == 11
    assert len(telco.usecase.features) == 19
    assert len(telco) - len(numpy.unique(telco.groups)) == 22  # customers alike in everything but the id
    assert not telco.source.simulated


def test_blank_cells_and_tokens_are_missing(tmp_path: Path) -> None:
    path = write_table(tmp_path, "1, ,  Bern ,yes", "2,NA,NaN,no", "3,3,Rome,no", "4,4,Rome, yes")
    dataset = read_customers(path, USECASE)
    rows = rows_of(dataset.frame)
    assert str(rows[0]) == "(nan, 'Bern')"
    assert str(rows[1]) == "(nan, None)"
    assert rows[2] == (3.0, "Rome")
    assert dataset.churned.tolist() == [1, 0, 0, 1]


def test_parquet_is_read_as_the_csv_it_came_from(telco: Dataset, telco_path: Path, tmp_path: Path) -> None:
    frame = pandas.read_csv(telco_path, na_values=[" "])
    frame["Contract"] = frame["Contract"].astype("category")
    frame.to_parquet(tmp_path / "telco.parquet")
    parquet = read_customers(tmp_path / "telco.parquet", telco.usecase)
    pandas.testing.assert_frame_equal(parquet.frame, telco.frame)
    assert parquet.churned.tolist() == telco.churned.tolist()
    assert schema_of(parquet).hash == schema_of(telco).hash


def test_number_labels_match_however_they_are_spelt(tmp_path: Path) -> None:
    usecase = msgspec.structs.replace(USECASE, label=msgspec.structs.replace(USECASE.label, positive="1", negative="0"))
    path = write_table(tmp_path, "a,1,Bern,1.0", "b,1,Bern,0", "c,1,Bern,1")
    assert read_customers(path, usecase).churned.tolist() == [1, 0, 1]


def test_features_are_inferred_and_the_useless_left_out(telco_path: Path, telecom: UseCase) -> None:
    bare = msgspec.structs.replace(
        telecom, features=(), segments=msgspec.structs.replace(telecom.segments, features=())
    )
    notices: list[str] = []
    dataset = read_customers(telco_path, bare, notices.append)
    found = {feature.name: feature.type for feature in dataset.usecase.features}
    assert found == {feature.name: feature.type for feature in telecom.features}
    assert notices == [f"{telco_path}: 22 customers are doubles of another but for the id; such are never divided"]


def test_data_hash_is_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"abc")
    assert file_sha256(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize("name", ["simulated-x.csv", "My Simulated.csv"])
def test_simulated_by_name(name: str, tmp_path: Path) -> None:
    path = write_table(tmp_path).rename(tmp_path / name)
    assert read_customers(path, USECASE).source.simulated


def test_simulated_by_ids_whatever_the_name(tmp_path: Path) -> None:
    path = write_table(tmp_path, "simulated-1,1,Bern,yes", "simulated-2,1,Rome,no")
    assert read_customers(path, USECASE).source.simulated
