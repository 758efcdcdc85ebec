"""What a model server does around serving: logging, the first load, metrics port, memory.

One order for primary and fallback: settings, port, model, metrics, then whatever framework carries the requests.
"""

import logging
import socket
import ssl
import sys
from dataclasses import dataclass
from typing import TypeVar

from churn_model.loading import keep_what_is_loaded
from churn_serving.backend.errors import PackageRefused
from churn_serving.backend.loaded_model import ModelSlot
from churn_serving.backend.metrics import BackendMetrics
from churn_serving.backend.model_source import ModelSource
from churn_serving.backend.settings import BAD_SETTING, BackendSettings, end
from churn_serving.backend.spans import CallSpans
from churn_serving.backend.watcher import ModelWatcher
from churn_serving.runtime.command_line import SettingError, flag_of, read_settings, variable_of, without_check
from churn_serving.runtime.tls import ServerCertificate, TlsFileError
from churn_serving.telemetry.spans import Spans
from churn_serving.web.metrics_port import serve_metrics
from churn_serving.web.server import bind

CANNOT_START = 1
Settings = TypeVar("Settings", bound=BackendSettings)


def configure_logging() -> None:
    """One line a record on stderr; libraries only from warnings on."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("churn_serving").setLevel(logging.INFO)


def without_traceback(record: logging.LogRecord) -> bool:
    """A filter for a framework that logs every refused request with its traceback, which quotes the request: customers'
    data, and names of models with whatever lines a caller puts into them. What kind of error it was stays."""
    if record.exc_info and record.exc_info[0] is not None:
        record.msg, record.args = f"{record.getMessage()} {record.exc_info[0].__name__}", ()
    record.exc_info = record.exc_text = None
    record.msg, record.args = record.getMessage().encode("unicode_escape").decode(), ()
    return True


def settings_to_serve_by(kind: type[Settings]) -> Settings | None:
    """The settings of this process, or None where they were only to be looked at (``--check``) and will do; one that
    will not ends the process with one line."""
    arguments, only_check = without_check(sys.argv[1:])
    try:
        settings = read_settings(kind, arguments)
    except SettingError as error:
        end(BAD_SETTING, str(error))
    if only_check:
        read_certificate(settings)
        return None
    return settings


@dataclass(frozen=True)
class Process:
    """A server process that has its port and its model, ready to serve."""

    settings: BackendSettings
    slot: ModelSlot
    source: ModelSource
    listener: socket.socket
    watcher: ModelWatcher
    certificate: ServerCertificate | None
    spans: CallSpans | None = None

    @property
    def tls(self) -> ssl.SSLContext | None:
        """How callers have to speak; None: in the clear."""
        return None if self.certificate is None else self.certificate.context

    def watch(self) -> None:
        """Follow the files that may change, until the slot's supervisor stops; call it inside the event loop."""
        self.watcher.start()
        if self.certificate is not None:
            self.slot.supervisor.start("certificate", self.certificate.watch)
        if self.spans is not None:
            self.slot.supervisor.start("traces", self.spans.exporter.run, vital=False)


def load_first(slot: ModelSlot, settings: BackendSettings) -> tuple[ModelSource, ModelWatcher]:
    """Load the model a process starts with; the watcher is yet to be started.

    Raises:
        PackageRefused: with the reason.
    """
    source = ModelSource(settings.model, settings.verify_key_path)
    slot.expected_digest = settings.digest
    watcher = ModelWatcher(slot, source, settings.reload_seconds)
    slot.load(source.path, source.verify_key)
    return source, watcher


def read_certificate(settings: BackendSettings) -> ServerCertificate | None:
    """What callers are shown; a file that cannot be used ends the process with one line that names its setting."""
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    try:
        return ServerCertificate(settings.tls_certificate, settings.tls_key)
    except TlsFileError as error:
        variables = (variable_of(type(settings), name) for name in ("tls_certificate", "tls_key"))
        end(BAD_SETTING, f"{flag_of('tls_certificate')} ({', '.join(variables)}): {error}")


def prepare(slot: ModelSlot, settings: BackendSettings, http_port: int, metrics_port: int) -> Process:
    """Read the certificate, take the ports, load the model, show metrics; a fault ends the process with one line."""
    certificate = read_certificate(settings)
    try:
        listener = bind(settings.host, http_port)
    except OSError as error:
        end(CANNOT_START, f"port {http_port} on {settings.host}: {error.strerror}")
    try:
        source, watcher = load_first(slot, settings)
    except PackageRefused:
        sys.exit(BAD_SETTING)  # the slot has logged the one line that says why
    if metrics_port:
        try:
            metrics = slot.metrics
            serve_metrics(
                metrics.registry, settings.host, metrics_port, settings.connection_limits, metrics.connection_refused
            )
        except OSError as error:
            end(CANNOT_START, f"metrics port {metrics_port} on {settings.host}: {error.strerror}")
    return Process(settings, slot, source, listener, watcher, certificate, open_spans(settings, slot.metrics))


def open_spans(settings: BackendSettings, metrics: BackendMetrics) -> CallSpans | None:
    """Who keeps traces of calls; None where the settings name no collector."""
    if settings.traces_url is None:
        return None
    return CallSpans(str(settings.traces_url), Spans(f"churn-{metrics.component}", metrics.spans_dropped))


def freeze_memory() -> None:
    """Call when everything is loaded: the collector then never walks through the model and the libraries again."""
    keep_what_is_loaded(freeing=True)
