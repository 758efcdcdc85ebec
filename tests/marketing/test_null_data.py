"""Batches with next to nothing in them, or with what is no number.

Every page shows the former; the latter are named by column and row.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from churn_marketing.errors import BatchError
from churn_marketing.store.fields import Meaning
from churn_marketing.store.preparation import Order, prepare
from sample_package import Keys, PackageMaker
from tests.marketing.conftest import wait_shown
from tests.marketing.links import walk
from tests.marketing.planning_ground import USECASE, people
from tests.marketing.running_app import App, Scored, post, running_app, settle

HEADER = "id,churn_probability,risk,segment,action,expected_value,cost\n"
SHOWN = {
    "one": "c0,0.4,medium,1,call,1.5,2\n",
    "same": "".join(f"c{number},0.3,low,1,none,0,0\n" for number in range(40)),
    "ends": "c0,0,low,1,none,0,0\nc1,1,high,2,call,1.5,2\n",
    "no-segment": "c0,0.4,medium,,call,1.5,2\nc1,0.5,medium,,none,0,0\n",
    "no-net": "c0,0.4,medium,1,call,,\nc1,0.2,low,2,none,,\n",
    "of-others": "x0,0.4,medium,1,gone,1.5,2\nx1,0.2,low,9,none,0,0\n",
}
UNFIT = {
    "": "it has a header and no customers",
    "c0,nan,low,1,none,0,0\n": "column churn_probability, row 2: is not a number",
    "c0,1.01,low,1,none,0,0\n": "column churn_probability, row 2: is not between 0 and 1",
    "c0,0.4,low,1,none,0,0\nc1,0.4,low,1,call,nan,2\n": "column expected_value, row 3: is not a number",
    "c0,0.4,low,1,call,inf,2\n": "column expected_value, row 2: is not a number",
    "c0,0.4,low,1,call,1,-inf\n": "column cost, row 2: is not a number",
    "c0,0.4,low,nan,call,1,2\n": "column segment, row 2: is not a number",
    "c0,0.4,low,1e9,call,1,2\n": "column segment, row 2: is not a whole number from 0 to 99",
    "c0,0.4,low,-1,call,1,2\n": "column segment, row 2: is not a whole number from 0 to 99",
    "c0,0.4,low,1.5,call,1,2\n": "column segment, row 2: is not a whole number from 0 to 99",
    "c0,0.4,low,1,,1,2\n": "column action, row 2: is empty",
    ",0.4,low,1,call,1,2\n": "column id, row 2: is empty",
}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory, make_package: PackageMaker, keys: Keys) -> Scored:
    home = tmp_path_factory.mktemp("sample")
    usecase = home / "sample.yaml"
    usecase.write_text(yaml.safe_dump(USECASE), encoding="utf-8")
    made = Scored(home, make_package(), keys.verify_path, str(usecase))
    made.batches.mkdir()
    made.customers.mkdir()
    return made


@pytest.fixture(scope="module")
def app(sample: Scored) -> Iterator[App]:
    with running_app(sample, sample.home / "state") as started:
        yield started


@pytest.mark.parametrize("name", SHOWN)
def test_every_page_shows_next_to_nothing(app: App, sample: Scored, name: str) -> None:
    ids = [line.partition(",")[0] for line in SHOWN[name].splitlines()]
    customers = people(len(ids)).assign(customer=ids)
    if name == "no-net":
        customers["charges"] = None
    customers.to_csv(sample.customers / f"{name}.csv", index=False)
    place = sample.batches / f"{name}.csv"
    place.write_text(HEADER + SHOWN[name], encoding="utf-8")
    settle(place, 1000 - 100 * list(SHOWN).index(name))
    wait_shown(app, name)
    with app.client() as client:
        draft = post(client, "/plans/", {}, page="/plans/").headers["location"]
        found = walk(client, "/", draft)
        post(client, f"{draft}/discard", {"version": "1"}, page=draft)
    assert len(found) > len(("overview", "customers", "segments", "plans", "results", "models", "wishes"))
    for text in found.values():
        assert "nan" not in text.lower().split()
        assert ">None<" not in text
        assert "inf<" not in text


@pytest.mark.parametrize("rows", UNFIT)
def test_what_is_no_number_is_named(sample: Scored, tmp_path: Path, rows: str) -> None:
    file = tmp_path / "batch.csv"
    file.write_text(HEADER + rows, encoding="utf-8")
    order = Order(
        "batch",
        (str(file),),
        None,
        str(sample.model),
        str(sample.verify_key),
        "00" * 16,
        Meaning(),
        str(tmp_path / "made"),
    )
    with pytest.raises(BatchError) as caught:
        prepare(order)
    assert UNFIT[rows] in str(caught.value)
    assert not (tmp_path / "made").exists()
