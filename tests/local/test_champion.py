"""What a person is told about the model: its origin, and a command that asks about one customer."""

import json
import math
import shlex
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from churn_model.dates import DateRule
from churn_model.schema import Schema
from churn_serving.gateway.records import RecordDecoder
from churn_serving.local.champion import read_champion
from churn_serving.local.errors import SettingError
from churn_serving.local.services import local_services
from churn_serving.local.settings import read_settings
from churn_serving.local.summary import summary
from sample_package import sample_schema

ModelMaker = Callable[..., Path]


def test_the_command_is_one_line_that_a_shell_reads_back(make_model: ModelMaker) -> None:
    model = make_model(golden_rows=[[3.0, "One month's", 20.5, None, math.nan]])
    command = read_champion(model).curl("http://127.0.0.1:8080")
    assert "\n" not in command
    program, _, url, *_, body = shlex.split(command)
    assert (program, url) == ("curl", "http://127.0.0.1:8080/v1/predictions")
    features = {"tenure": 3, "Contract": "One month's", "charges": 20.5, "Payment": None, "Senior Citizen": None}
    assert json.loads(body) == {"customers": [{"customer_id": "example-1", "features": features}], "explain": False}


@pytest.mark.parametrize("days", [0.0, 1448.0, 1448.25, -3.0, math.nan])
@pytest.mark.parametrize(
    "rule",
    [
        DateRule(snapshot="2025-01-07"),
        DateRule(spelling="%d.%m.%y", snapshot="2025-01-07"),
        DateRule(snapshot_column="as of"),
        DateRule(snapshot_column="as of", snapshot_spelling="epoch s"),
    ],
    ids=["one day for all", "spelt otherwise", "a day of their own", "a day of their own, spelt otherwise"],
)
def test_the_gateway_reads_the_customer_of_the_command_as_the_model_knows_them(
    make_model: ModelMaker, rule: DateRule, days: float
) -> None:
    usual = sample_schema()
    since = msgspec.structs.replace(usual.features[0], date=rule)
    schema = Schema(usual.usecase, usual.id, (since, *usual.features[1:]))
    row = [days, "Two year", 20.5, None, 0.0]
    command = read_champion(make_model(schema=schema, golden_rows=[row])).curl("http://127.0.0.1:8080")
    (read,) = RecordDecoder(schema, 1).decode(shlex.split(command)[-1].encode()).rows
    assert [*read] == pytest.approx(row, nan_ok=True)


@pytest.mark.parametrize("file", ["", "keys.json"], ids=["without keys", "with keys"])
def test_the_command_shown_presents_a_key_where_callers_need_one(
    tmp_path: Path, make_model: ModelMaker, monkeypatch: pytest.MonkeyPatch, *, file: str
) -> None:
    monkeypatch.setenv("CHURN_GATEWAY_API_KEYS", file)
    model = make_model()
    services = local_services(read_settings(["--model", str(model), "--usecase", "telecom"]), tmp_path)
    text = summary(read_champion(model), "telecom", services, tmp_path / "logs", 4.25)
    (line,) = (line for line in text.splitlines() if line.startswith("curl "))
    assert ('-H "Authorization: Bearer $CHURN_API_KEY" ' in line) == bool(file)
    assert ("CHURN_API_KEY=" in text) == bool(file)


@pytest.mark.parametrize(
    ("simulated", "words"),
    [(True, "600 SIMULATED customers"), (False, "600 customers of sample, judged on others")],
)
def test_the_summary_says_where_the_customers_come_from(
    tmp_path: Path, make_model: ModelMaker, *, simulated: bool, words: str
) -> None:
    model = make_model(simulated=simulated)
    services = local_services(read_settings(["--model", str(model), "--usecase", "telecom"]), tmp_path)
    text = summary(read_champion(model), "telecom", services, tmp_path / "logs", 4.25)
    assert f"Ready after 4.2 s: churn-sample version 3, use case telecom, fitted on {words}" in text
    assert ("SIMULATED" in text) == simulated
    for address in (
        "http://127.0.0.1:8080",
        "127.0.0.1:8081",
        "http://127.0.0.1:8086",
        "http://127.0.0.1:9092/metrics",
        "See how it does: http://127.0.0.1:9090/",
    ):
        assert address in text


def test_a_missing_champion_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="churn train"):
        read_champion(tmp_path)


@pytest.mark.parametrize("content", ["", "[]", '{"format": 1}', '{"for'])
def test_a_damaged_manifest_is_one_line(make_model: ModelMaker, content: str) -> None:
    model = make_model()
    (model / "champion" / "manifest.json").write_text(content)
    with pytest.raises(SettingError) as caught:
        read_champion(model)
    assert "\n" not in str(caught.value)
    assert "manifest.json" in str(caught.value)
