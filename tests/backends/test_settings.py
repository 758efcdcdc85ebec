"""What processes are told from outside: no number that a clock or a machine cannot take, no address that means every
interface by leaving it out, no path that means the folder in which a process happens to stand."""

import os
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from churn_serving.backend.settings import end
from churn_serving.bento.settings import BentoSettings
from churn_serving.gateway.settings import GatewaySettings
from churn_serving.local.settings import LocalSettings
from churn_serving.predictor.settings import PredictorSettings
from churn_serving.runtime.command_line import SettingError, read_settings, variable_of

KINDS: tuple[type[BaseSettings], ...] = (GatewaySettings, PredictorSettings, BentoSettings, LocalSettings)
NUMBERS = [
    (kind, name) for kind in KINDS for name, field in kind.model_fields.items() if field.annotation in (int, float)
]
NO_NUMBERS = ("inf", "-inf", "nan", "1e40", "1e308", "-1", "", "ten", "9" * 400)


@pytest.fixture(autouse=True)
def _only_what_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("CHURN_"):
            monkeypatch.delenv(name)
    for kind in KINDS:
        for name, field in kind.model_fields.items():
            if field.is_required():
                monkeypatch.setenv(variable_of(kind, name), "somewhere")


def test_there_are_numbers_in_every_kind() -> None:
    assert {kind for kind, _ in NUMBERS} == set(KINDS)


@pytest.mark.parametrize(("kind", "name"), NUMBERS, ids=lambda one: one if isinstance(one, str) else one.__name__)
def test_every_number_has_bounds_and_a_wrong_one_is_named(
    monkeypatch: pytest.MonkeyPatch, kind: type[BaseSettings], name: str
) -> None:
    variable = variable_of(kind, name)
    for text in NO_NUMBERS:
        monkeypatch.setenv(variable, text)
        with pytest.raises(SettingError, match=variable):
            read_settings(kind, [])


@pytest.mark.parametrize("kind", [PredictorSettings, BentoSettings])
def test_no_address_is_not_every_address(monkeypatch: pytest.MonkeyPatch, kind: type[BaseSettings]) -> None:
    monkeypatch.setenv(variable_of(kind, "host"), "")
    with pytest.raises(SettingError, match="HOST"):
        read_settings(kind, [])


@pytest.mark.parametrize("kind", [GatewaySettings, PredictorSettings, BentoSettings])
def test_a_path_set_to_nothing_is_one_that_is_not_set(
    monkeypatch: pytest.MonkeyPatch, kind: type[GatewaySettings | PredictorSettings | BentoSettings]
) -> None:
    for name in ("CHURN_HOME", "CHURN_VERIFY_KEY", variable_of(kind, "verify_key")):
        monkeypatch.setenv(name, "")
    found = read_settings(kind, [])
    assert found.home == Path(".churn")
    assert found.verify_key_path == Path(".churn/keys/verify.pem")


def test_a_refusal_is_one_line_whatever_was_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHURN_GATEWAY_HOST", "127.0.0.1\nfoo\x1b[31m\u202e")
    with pytest.raises(SettingError, match="CHURN_GATEWAY_HOST") as refused:
        read_settings(GatewaySettings, [])
    assert r"127.0.0.1\nfoo\x1b[31m\u202e" in str(refused.value)
    assert str(refused.value).isprintable()


def test_so_is_the_end_of_a_server(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        end(1, "port 1 on a\nb: no")
    assert capsys.readouterr().err == "port 1 on a\\nb: no\n"


BOUNDS = {
    "CHURN_PREDICTOR_HTTP_PORT": (("1", "65535"), ("0", "65536")),
    "CHURN_PREDICTOR_METRICS_PORT": (("0", "65535"), ("65536",)),
    "CHURN_PREDICTOR_RELOAD_SECONDS": (("0.001", "86400"), ("0", "86401")),
    "CHURN_PREDICTOR_DRAIN_SECONDS": (("0", "300"), ("300.1",)),
    "CHURN_PREDICTOR_STOP_SECONDS": (("1", "300"), ("0", "301")),
    "CHURN_PREDICTOR_DIGEST": (("", "sha256:" + "0a" * 32), ("sha256:", "sha256:" + "0A" * 32, "0a" * 32)),
}


@pytest.mark.parametrize("variable", BOUNDS)
def test_a_setting_is_taken_up_to_its_bound(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    taken, refused = BOUNDS[variable]
    for text in taken:
        monkeypatch.setenv(variable, text)
        read_settings(PredictorSettings, [])
    for text in refused:
        monkeypatch.setenv(variable, text)
        with pytest.raises(SettingError, match=variable):
            read_settings(PredictorSettings, [])


def test_the_key_that_is_trusted_is_the_nearest_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHURN_HOME", "/home")
    assert read_settings(PredictorSettings, []).verify_key_path == Path("/home/keys/verify.pem")
    monkeypatch.setenv("CHURN_VERIFY_KEY", "/shared.pem")
    assert read_settings(PredictorSettings, []).verify_key_path == Path("/shared.pem")
    monkeypatch.setenv("CHURN_PREDICTOR_VERIFY_KEY", "/own.pem")
    assert read_settings(PredictorSettings, []).verify_key_path == Path("/own.pem")


@pytest.mark.parametrize("given", ["TLS_CERTIFICATE", "TLS_KEY"])
def test_a_certificate_and_its_key_are_given_together(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("CHURN_BENTO_TLS_CERTIFICATE", "/tls.crt")
    monkeypatch.setenv("CHURN_BENTO_TLS_KEY", "/tls.key")
    read_settings(BentoSettings, [])
    monkeypatch.delenv(f"CHURN_BENTO_{given}")
    with pytest.raises(SettingError, match="certificate and key are given together or not at all"):
        read_settings(BentoSettings, [])
