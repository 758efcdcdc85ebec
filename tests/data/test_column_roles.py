"""Which columns become inputs: what identifies, says nothing or cannot be read is left out, what is honest stays."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from churn_data.column_facts import facts_of
from churn_data.column_names import human_label, words_of
from churn_data.column_roles import role_of
from churn_data.errors import DataError
from churn_data.sources import read_customers
from churn_data.starter import Wishes, starter_usecase
from churn_model.usecase import Feature, Label, UseCase

TELCO = UseCase(name="telco", id="customerID", label=Label("Churn", "Yes"))
COLUMNS_OF_TELCO = 19
ROWS = 400


def test_what_identifies_is_left_out_with_a_line_each_and_a_postal_code_is_a_category(cases: Path) -> None:
    lines: list[str] = []
    path = cases / "not-features.csv"
    found = read_customers(path, TELCO, lines.append).usecase.features
    assert len(found) == COLUMNS_OF_TELCO + 1
    assert next(feature.type for feature in found if feature.name == "Zip") == "category"
    assert lines == [
        f'{path}, column "Phone": left out: phone numbers',
        f'{path}, column "PhoneNumber": left out: phone numbers',
        f'{path}, column "RowNumber": left out: a running number, it says nothing about a customer',
        f'{path}, column "Email": left out: e-mail addresses',
        f'{path}, column "Zip": postal codes, kept as a category',
    ]


def test_an_empty_column_is_left_out(cases: Path) -> None:
    dataset = read_customers(cases / "column-empty.csv", TELCO)
    assert [(notice.column, notice.text) for notice in dataset.notices] == [
        ("Comment", "left out: every value is missing")
    ]


def test_a_name_that_no_protocol_carries_is_left_out(cases: Path) -> None:
    dataset = read_customers(cases / "column-names.csv", TELCO)
    assert len(dataset.usecase.features) == COLUMNS_OF_TELCO - 1
    assert [notice.text for notice in dataset.notices] == ["left out: its name is longer than 128 characters"]
    assert max(len(feature.words) for feature in dataset.usecase.features) < 64


def test_what_the_use_case_lists_stays_with_a_warning(cases: Path) -> None:
    listed = (Feature("PhoneNumber", "number"), Feature("tenure", "number"), Feature("Email", "category"))
    usecase = msgspec.structs.replace(TELCO, features=listed)
    dataset = read_customers(cases / "not-features.csv", usecase)
    assert list(dataset.frame.columns) == ["PhoneNumber", "tenure", "Email"]
    warned = {notice.column: notice.text for notice in dataset.notices}
    assert warned["PhoneNumber"].startswith("kept because the use case lists it, though")
    assert "e-mail addresses" in warned["Email"]


def _cells(make: Callable[[random.Random, int], object]) -> Sequence[str]:
    chance = random.Random(1)
    return [str(make(chance, row)) for row in range(ROWS)]


LEFT_OUT: dict[str, tuple[str, Callable[[random.Random, int], object]]] = {
    "running number": ("Nr.", lambda _, row: row + 1),
    "running number with gaps": ("x", lambda chance, row: 2 * row - chance.randint(0, 1)),
    "customer number": ("AccountNumber", lambda chance, _: chance.randint(10**3, 10**9)),
    "long numbers of one length": ("x", lambda chance, _: chance.randint(10**8, 10**9 - 1)),
    "phone as text": ("mobile", lambda chance, _: f"+49 30 {chance.randint(10**5, 10**6)}"),
    "e-mail": ("contact", lambda _, row: f"user{row % 150}@example.org"),
    "surname": ("Surname", lambda chance, _: f"Smith{chance.randint(1, 120)}"),
    "name of a person": ("Customer Name", lambda chance, _: f"A. Smith{chance.randint(1, 120)}"),
    "first names, few": ("First Name", lambda _, row: ("Anna", "Jean-Luc", "María José", "O\u2019Neill")[row % 4]),
    "first names, in German": ("Vorname", lambda _, row: ("Jörg", "Änne", "Kai")[row % 3]),
    "surnames, few": ("CustomerSurname", lambda _, row: ("Li", "van der Berg", "Meier-Schulz", "D'Angelo")[row % 4]),
    "names turned round": ("name_last", lambda _, row: ("Smith", "JONES", "lee", "St. John")[row % 4]),
    "free text": ("remark", lambda _, row: f"called about bill {row}"),
    "places": ("Lat Long", lambda chance, _: f"{chance.randint(32, 41)}.5, -{chance.randint(100, 124)}.25"),
    "places, as a database writes them": ("geom", lambda chance, _: f"POINT(-{chance.randint(100, 124)}.5 38.25)"),
    "codes beside a word for none": ("referral", lambda chance, row: "xxxxx" if row % 3 else f"C{chance.random()}"),
    "constant": ("country", lambda _, __: "DE"),
    "constant number": ("version", lambda _, __: 3),
}


@pytest.mark.parametrize("kind", LEFT_OUT)
def test_is_left_out(kind: str) -> None:
    name, make = LEFT_OUT[kind]
    assert role_of(facts_of(name, _cells(make))).left_out


HONEST: dict[str, tuple[str, Callable[[random.Random, int], object], str]] = {
    "measurement": ("balance", lambda chance, _: round(chance.uniform(0, 10**6), 2), "number"),
    "whole numbers that are all different": (
        "EstimatedSalary",
        lambda chance, _: chance.randint(9_000, 10**6),
        "number",
    ),
    "seconds": ("Seconds of Use", lambda chance, _: chance.randint(0, 17_000), "number"),
    "sorted": ("Total_Trans_Amt", lambda chance, row: row * 50 + chance.randint(0, 49), "number"),
    "number of things": ("Number vmail messages", lambda chance, _: chance.randint(0, 50), "number"),
    "a flag in numbers": ("phone_service", lambda chance, _: chance.randint(0, 1), "number"),
    "area code": ("Area code", lambda chance, _: chance.choice([408, 415, 510]), "category"),
    "zip code": ("zip", lambda chance, _: chance.randint(10_000, 99_999), "category"),
    "code with zeros in front": ("branch", lambda chance, _: f"{chance.randint(1, 30):04}", "category"),
    "product name": ("plan name", lambda chance, _: f"plan {chance.randint(1, 15)}", "category"),
    "name of a campaign": ("last campaign name", lambda chance, _: f"spring {chance.randint(1, 40)}", "category"),
    "a name that may be a product's": ("name", lambda _, row: ("Basic", "Gold Max", "Plus")[row % 3], "category"),
    "name of a kind": ("customer segment name", lambda _, row: ("Gold", "Silver", "New")[row % 3], "category"),
    "whether there is a name": ("full_name", lambda _, row: ("yes", "no")[row % 2], "category"),
    "codes": ("user name", lambda _, row: f"U{row % 7}", "category"),
    "sizes": ("size", lambda _, row: ("1.5, 2.5", "2.5, 3.5", "3.5, 4.5")[row % 3], "category"),
    "rare levels beside a usual one": (
        "town",
        lambda chance, _: "Berlin" if chance.random() < 0.6 else f"town {chance.randint(1, 90)}",
        "category",
    ),
    "levels": ("city", lambda chance, _: f"city {chance.randint(1, 90)}", "category"),
}


def test_spellings_of_one_level_are_counted_as_one(tmp_path: Path) -> None:
    towns = ("Köln", "Ko\u0308ln", " Bad Tölz", "Bad\u00a0Tölz ", "Bonn\u200b", "Bonn")
    path = tmp_path / "customers.csv"
    rows = (f"c{row},{towns[row % 6]},{('415', '408.0', '415.0')[row % 5 % 3]},{row // 7 % 2}" for row in range(120))
    path.write_text("\n".join(["id,town,area code,left", *rows]), encoding="utf-8")
    text = starter_usecase(path, Wishes(), lambda _: None)
    assert "# 3 different: Bad Tölz, Bonn, Köln\n" in text
    assert "# 2 different: 415, 408" in text


def test_labels_alone_are_no_customers(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("\n".join(["id,left", *(f"c{row},{row % 2}" for row in range(60))]), encoding="utf-8")
    with pytest.raises(DataError, match=r"no usable column beside id and label: add what is known of each customer$"):
        read_customers(path, UseCase("labels", Label("left", "1"), "id"))


def test_a_category_of_very_many_levels_is_called_that() -> None:
    role = role_of(facts_of("city", [f"city {row % 1000}" for row in range(2400)]))
    assert (role.type, role.remark) == ("category", "a category of 1,000 levels")


@pytest.mark.parametrize("kind", HONEST)
def test_stays(kind: str) -> None:
    name, make, expected = HONEST[kind]
    role = role_of(facts_of(name, _cells(make)))
    assert (role.left_out, role.type) == ("", expected)


@pytest.mark.parametrize(
    ("file", "usecase", "features"),
    [
        ("telco", TELCO, 19),
        ("bigml", UseCase(name="x", id="id", label=Label("Churn", "yes")), 19),
        ("iranian", UseCase(name="x", id="id", label=Label("Churn", "1")), 13),
        ("bankchurners", UseCase(name="x", id="CLIENTNUM", label=Label("Attrition_Flag", "Attrited Customer")), 19),
    ],
    ids=["telco", "bigml", "iranian", "bankchurners"],
)
def test_no_honest_column_of_public_data_is_left_out(
    telco_path: Path, file: str, usecase: UseCase, features: int
) -> None:
    dataset = read_customers(telco_path.with_name(f"{file}.csv"), usecase)
    assert len(dataset.usecase.features) == features
    assert {notice.kind for notice in dataset.notices} <= {"doubles"}


@pytest.mark.parametrize(
    ("name", "label", "words"),
    [
        ("SeniorCitizen", "senior citizen", ("senior", "citizen")),
        ("Total_Trans_Ct", "total trans ct", ("total", "trans", "ct")),
        ("StreamingTV", "streaming TV", ("streaming", "tv")),
        ("customerID", "customer ID", ("customer", "id")),
        ("HTTPErrors7d", "HTTP errors7d", ("http", "errors", "7", "d")),
        ("Договор: тип [a,b]", "договор тип a b", ("договор", "тип", "a", "b")),
        ("x" * 300, "x" * 59 + "…", ("x" * 300,)),
        ("???", "???", ()),
        ("\u202e\x1b", r"\u202e\x1b", ()),
    ],
    ids=["camel", "snake", "acronym", "id", "digits", "cyrillic", "endless", "signs", "not seen"],
)
def test_names_are_taken_apart(name: str, label: str, words: tuple[str, ...]) -> None:
    assert human_label(name) == label
    assert words_of(name) == words
