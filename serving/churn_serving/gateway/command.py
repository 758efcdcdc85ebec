"""The gateway's command: settings from flags and environment, then serve; a bad one ends it at once."""

import logging
import sys

from churn_model import ChurnModelError
from churn_model.prediction_log.pseudonyms import PseudonymKeyError
from churn_serving.gateway.canary_weight import CanaryWeightError
from churn_serving.gateway.given_files import check_files
from churn_serving.gateway.key_file import KeyFileError
from churn_serving.gateway.settings import GatewaySettings
from churn_serving.runtime.command_line import SettingError, read_settings, without_check
from churn_serving.runtime.tls import TlsFileError

# Whose file it is that cannot be read.
_SETTINGS: dict[type[Exception], str] = {
    KeyFileError: "CHURN_GATEWAY_API_KEYS: ",
    CanaryWeightError: "CHURN_GATEWAY_CANARY_PERCENT_FILE: ",
    TlsFileError: "CHURN_GATEWAY_TLS_AUTHORITY: ",
    PseudonymKeyError: "CHURN_GATEWAY_PREDICTION_LOG_KEYS: ",
}


def main() -> int:
    """Run the gateway and return its exit code: 0 after SIGTERM, 2 for a bad setting, key or port.

    Raises:
        KeyboardInterrupt: that is how it was ended, everything under way was answered.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    arguments, only_check = without_check(sys.argv[1:])
    try:
        settings = read_settings(GatewaySettings, arguments)
    except SettingError as error:
        sys.stderr.write(f"gateway: {error}\n")
        return 2
    try:
        if only_check:
            check_files(settings)
            return 0
        interrupted = _serve(settings)
    except (KeyFileError, CanaryWeightError, TlsFileError, ChurnModelError, OSError) as error:
        sys.stderr.write(f"gateway: {_SETTINGS.get(type(error), '')}{error}\n")
        return 2
    if interrupted:
        raise KeyboardInterrupt
    return 0


def _serve(settings: GatewaySettings) -> bool:
    # Most of what a start loads, and not needed to say that a setting will not do.
    import uvloop

    from churn_serving.gateway.server import serve
    from churn_serving.runtime.allocation import give_back_large_buffers

    give_back_large_buffers()
    return uvloop.run(serve(settings))
