"""What the Postman collection asks of the app for people, by newman at a running app on customers who do not exist."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from sample_package import Keys, PackageMaker
from tests.documents.runs import Newman
from tests.marketing.conftest import wait_shown
from tests.marketing.planning_ground import USECASE
from tests.marketing.running_app import PASSWORDS, App, Scored, running_app, settle

STRANGERS, PLANNERS = "The app for people", "The app for people: signed in"
BATCH = "id,churn_probability,risk,segment,action,expected_value,cost\nc0,0.4,medium,1,call,1.5,2\n"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, make_package: PackageMaker, keys: Keys) -> Iterator[App]:
    home: Path = tmp_path_factory.mktemp("app")
    usecase = home / "sample.yaml"
    usecase.write_text(yaml.safe_dump(USECASE), encoding="utf-8")
    shown = Scored(home, make_package(), keys.verify_path, str(usecase))
    shown.batches.mkdir()
    shown.customers.mkdir()
    (shown.batches / "one.csv").write_text(BATCH, encoding="utf-8")
    settle(shown.batches / "one.csv")
    with running_app(shown, home / "state") as started:
        wait_shown(started, "one")
        yield started


@pytest.mark.parametrize("key", ["", "of-the-gateway-alone"])
def test_strangers_are_kept_out_and_planners_see_every_page(newman: Newman, app: App, key: str) -> None:
    known = {"app_person": "petra", "app_password": PASSWORDS["petra"]}
    run = newman.run({"app": app.url, "gateway": "", "api_key": key, **known}, STRANGERS, PLANNERS)
    asked = {exchange.name for exchange in run.exchanges}
    assert {"The app runs", "A wrong password", "Sign in", "Overview", "Results", "Models", "Sign out"} <= asked
    assert run.assertions >= len(run.exchanges)


def test_without_a_password_nobody_signs_in_and_without_an_app_nobody_is_asked(newman: Newman, app: App) -> None:
    run = newman.run({"app": app.url, "gateway": ""}, STRANGERS, PLANNERS)
    assert {exchange.name for exchange in run.exchanges}.isdisjoint({"Sign in", "Overview"})
    assert not newman.run({"app": "", "gateway": ""}, STRANGERS, PLANNERS).exchanges
