"""Who may be contacted is what campaigns ask, and nothing that a model learns from."""

from pathlib import Path

import msgspec
import pytest

from churn_data.sources import read_customers
from churn_data.starter import Wishes, starter_usecase
from churn_model.rules import ActionRule, ContactRule, Label
from churn_model.usecase import Feature, UseCase, load_usecase

HEADER = "id,left,months,plan,do_not_contact,emailOptIn,agreed,days_since,last_year,newsletter"
USECASE = UseCase(name="sample", id="id", label=Label("left", "yes"))
BOUND = msgspec.structs.replace(
    USECASE,
    contacts=ContactRule("days_since", "last_year", "do_not_contact"),
    actions=(ActionRule("call", "A call", 5.0, 0.1, consent="agreed"),),
)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [
        f"c{number},{'yes' if number % 7 < 2 else 'no'},{number * 13 % 60},{'ab'[number % 11 % 2]},"
        f"{'yes' if number % 5 == 0 else 'no'},{number % 3 % 2},{'yes' if number % 13 < 5 else 'no'},"
        f"{number * 17 % 90},{number * 5 % 6},{'yes' if number % 17 < 9 else 'no'}"
        for number in range(300)
    ]
    path = tmp_path_factory.mktemp("contacts") / "customers.csv"
    path.write_text("\n".join([HEADER, *rows, ""]))
    return path


def test_what_a_use_case_names_for_campaigns_is_no_feature_of_its_models(file: Path) -> None:
    dataset = read_customers(file, BOUND)
    assert list(dataset.frame.columns) == ["months", "plan", "newsletter"]
    told = {notice.column: notice.text for notice in dataset.notices}
    for name in ("do_not_contact", "agreed", "days_since", "last_year"):
        assert "it says whom a campaign may contact" in told[name]
    assert "by its name it says whether a customer may be contacted" in told["emailOptIn"]


def test_what_a_use_case_also_groups_by_stays_a_feature(file: Path) -> None:
    grouped = msgspec.structs.replace(BOUND, groups=("agreed",))
    assert "agreed" in read_customers(file, grouped).frame.columns


def test_what_a_use_case_lists_stays_with_a_warning(file: Path) -> None:
    listed = msgspec.structs.replace(BOUND, features=(Feature("months", "number"), Feature("agreed", "category")))
    dataset = read_customers(file, listed)
    assert list(dataset.frame.columns) == ["months", "agreed"]
    (told,) = [notice.text for notice in dataset.notices if notice.column == "agreed"]
    assert told.startswith("kept because the use case lists it, though")


def test_a_first_use_case_proposes_no_column_that_says_who_may_be_contacted(file: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    path = tmp_path / "first.yaml"
    path.write_text(starter_usecase(file, Wishes(label="left", positive="yes"), lines.append))
    names = [feature.name for feature in load_usecase(path).features]
    assert "months" in names
    assert "newsletter" in names
    assert not {"do_not_contact", "emailOptIn"} & set(names)
    assert any('"do_not_contact": left out' in line and "contacts.do_not_contact_column" in line for line in lines)
