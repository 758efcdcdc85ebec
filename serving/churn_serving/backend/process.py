"""What a model server does around serving: logging, the first load, metrics port, memory.

One order for primary and fallback: settings, port, model, metrics, then whatever framework carries the requests.
"""

import gc
import logging
import socket
import sys
from dataclasses import dataclass

from churn_serving.backend.errors import PackageRefused
from churn_serving.backend.loaded_model import ModelSlot
from churn_serving.backend.model_source import ModelSource
from churn_serving.backend.settings import BAD_SETTING, BackendSettings, end
from churn_serving.backend.watcher import ModelWatcher
from churn_serving.web.metrics_port import serve_metrics
from churn_serving.web.server import bind

CANNOT_START = 1


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


@dataclass(frozen=True)
class Process:
    """A server process that has its port and its model, ready to serve."""

    settings: BackendSettings
    slot: ModelSlot
    source: ModelSource
    listener: socket.socket
    watcher: ModelWatcher


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


def prepare(slot: ModelSlot, settings: BackendSettings, http_port: int, metrics_port: int) -> Process:
    """Take the ports, load the model, show metrics; a fault ends the process with one line."""
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
    return Process(settings, slot, source, listener, watcher)


def freeze_memory() -> None:
    """Call when everything is loaded: the collector then never walks through the model and the libraries again."""
    gc.collect()
    gc.freeze()
