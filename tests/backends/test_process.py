"""How a model server starts: in one order, and what cannot be used ends it with one line and a status of its own."""

import gc
import logging
import socket
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from certificates import CertificateAuthority
from churn_model.package import Package
from churn_serving.backend.loaded_model import ModelSlot
from churn_serving.backend.metrics import BackendMetrics
from churn_serving.backend.process import (
    Process,
    configure_logging,
    freeze_memory,
    open_spans,
    prepare,
    read_certificate,
    settings_to_serve_by,
)
from churn_serving.predictor.settings import PredictorSettings
from churn_serving.runtime.command_line import read_settings
from churn_serving.web.server import bind
from ports import free_port


@pytest.fixture(autouse=True)
def _ports_are_given_back(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process that ends gives its port back by that."""
    bound: list[socket.socket] = []

    def noted(*given: Any) -> socket.socket:
        bound.append(bind(*given))
        return bound[-1]

    monkeypatch.setattr("churn_serving.backend.process.bind", noted)
    yield
    for listener in bound:
        listener.close()


@pytest.fixture
def words(package: Package, verify_key: Path, tmp_path: Path) -> list[str]:
    """A command line that will do."""
    (tmp_path / "champion").symlink_to(package.path)
    return ["--model", str(tmp_path / "champion"), "--verify-key", str(verify_key)]


@pytest.fixture
def empty() -> ModelSlot:
    return ModelSlot(BackendMetrics("primary"))


@pytest.fixture
def started(empty: ModelSlot, words: list[str]) -> Process:
    return prepare(empty, settings(words), free_port(), 0)


def settings(words: list[str], *others: str) -> PredictorSettings:
    return read_settings(PredictorSettings, [*words, *others])


def ended(capsys: pytest.CaptureFixture[str], slot: ModelSlot, *given: Any) -> tuple[object, str]:
    with pytest.raises(SystemExit) as end:
        prepare(slot, *given)
    return end.value.code, capsys.readouterr().err


def test_a_process_has_its_port_and_its_model(started: Process, package: Package, words: list[str]) -> None:
    assert started.slot.model().digest == package.digest
    assert started.source.path == Path(words[1])
    assert (started.tls, started.certificate, started.spans) == (None, None, None)
    assert started.listener.getsockname()[0] == "127.0.0.1"


def test_a_port_that_is_taken_is_named(empty: ModelSlot, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, said = ended(capsys, empty, settings(words), port, 0)
        assert status == 1
        assert said.startswith(f"port {port} on 127.0.0.1: ")
        status, said = ended(capsys, empty, settings(words), free_port(), port)
        assert status == 1
        assert said.startswith(f"metrics port {port} on 127.0.0.1: ")
        assert said.count("\n") == 1


def test_a_package_that_is_not_the_expected_one_ends_it(
    empty: ModelSlot, words: list[str], capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    expected = settings(words, "--digest", "sha256:" + "0" * 64)
    assert ended(capsys, empty, expected, free_port(), 0) == (2, "")
    assert empty.current is None
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("package refused, nothing to serve: its digest is sha256:")


def test_the_expected_package_is_served(empty: ModelSlot, words: list[str], package: Package) -> None:
    prepare(empty, settings(words, "--digest", package.digest), free_port(), 0)
    assert empty.model().digest == package.digest


def test_a_certificate_is_read_before_anything_else(
    empty: ModelSlot, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    CertificateAuthority("ours").pair("localhost").write(tmp_path)
    pair = ["--tls-certificate", str(tmp_path / "tls.crt"), "--tls-key", str(tmp_path / "tls.key"), "--grpc-port", "0"]
    process = prepare(empty, settings(words, *pair), free_port(), 0)
    assert process.certificate is not None
    assert process.tls is process.certificate.context
    (tmp_path / "tls.key").write_text("no key")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, said = ended(capsys, ModelSlot(BackendMetrics()), settings(words, *pair), taken.getsockname()[1], 0)
    assert status == 2
    assert said.startswith("--tls-certificate (CHURN_PREDICTOR_TLS_CERTIFICATE, CHURN_PREDICTOR_TLS_KEY): ")
    assert said.count("\n") == 1
    assert read_certificate(settings(words)) is None


def test_traces_go_where_the_settings_say(words: list[str]) -> None:
    metrics = BackendMetrics("primary")
    assert open_spans(settings(words), metrics) is None
    assert open_spans(settings(words, "--traces-url", "http://collector:4318/v1/traces"), metrics) is not None


def test_settings_may_only_be_looked_at(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["predictor", *words])
    found = settings_to_serve_by(PredictorSettings)
    assert found is not None
    assert found.model == Path(words[1])
    monkeypatch.setattr(sys, "argv", ["predictor", *words, "--check"])
    assert settings_to_serve_by(PredictorSettings) is None
    monkeypatch.setattr(sys, "argv", ["predictor", *words, "--reload-seconds", "0"])
    with pytest.raises(SystemExit) as end:
        settings_to_serve_by(PredictorSettings)
    assert end.value.code == 2
    assert "--reload-seconds" in capsys.readouterr().err


async def test_files_that_may_change_are_followed(started: Process) -> None:
    started.watch()
    assert started.slot.supervisor.running
    await started.slot.supervisor.stop()


def test_our_own_lines_are_written_and_libraries_only_warn(monkeypatch: pytest.MonkeyPatch) -> None:
    root, ours = logging.getLogger(), logging.getLogger("churn_serving")
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", logging.NOTSET)
    monkeypatch.setattr(ours, "level", logging.NOTSET)
    configure_logging()
    assert root.level == logging.WARNING
    assert ours.level == logging.INFO
    assert [handler.stream for handler in root.handlers] == [sys.stderr]  # type: ignore[attr-defined]


def test_what_is_loaded_is_walked_through_no_more() -> None:
    circle: list[object] = []
    gone = weakref.ref(Held(circle))
    del circle
    gc.disable()
    try:
        freeze_memory()
        assert gone() is None, "what only circles hold would be kept for ever"
        assert gc.get_freeze_count() > 0
        assert gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()


class Held:
    """Something that a circle of references holds."""

    def __init__(self, circle: list[object]) -> None:
        circle.append(self)
        self.circle = circle
