"""The command of the primary: settings, port, model, then KServe's server around it."""

import os
import sys

# Before any numeric library is loaded: one thread a process, the event loop's.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from churn_serving.backend.loaded_model import ModelSlot
from churn_serving.backend.metrics import BackendMetrics
from churn_serving.backend.process import CANNOT_START, configure_logging, freeze_memory, prepare, settings_to_serve_by
from churn_serving.backend.settings import end
from churn_serving.predictor.settings import PredictorSettings


def main() -> int:
    """Serve until told to stop; a setting or a model that cannot be used ends the process with one line.

    Raises:
        KeyboardInterrupt: that is how it was ended, everything under way was answered.
    """
    settings = settings_to_serve_by(PredictorSettings)
    if settings is None:
        return 0
    # KServe parses the command line when it is imported, and would take some of our flags for its own.
    del sys.argv[1:]
    configure_logging()
    process = prepare(ModelSlot(BackendMetrics("predictor")), settings, settings.http_port, settings.metrics_port)

    from churn_serving.predictor.kserve_model import ChurnModel
    from churn_serving.predictor.server import ChurnModelServer

    server = ChurnModelServer(process, settings)
    freeze_memory()
    try:
        server.start([ChurnModel(process.slot)])
    except RuntimeError as error:
        end(CANNOT_START, f"gRPC port {settings.grpc_port}: {error}")
    if server.interrupted:
        raise KeyboardInterrupt
    return 0
