"""``python -m churn_serving.gateway``: settings from flags and environment, then serve; a bad one ends it at once."""

import logging
import sys

import uvloop

from churn_model import ChurnModelError
from churn_serving.gateway.canary_weight import CanaryWeightError
from churn_serving.gateway.key_file import KeyFileError
from churn_serving.gateway.server import serve
from churn_serving.gateway.settings import GatewaySettings
from churn_serving.runtime.allocation import give_back_large_buffers
from churn_serving.runtime.command_line import SettingError, read_settings


def main() -> int:
    """Run the gateway and return its exit code: 0 after a signal, 2 for a bad setting, key or port."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        settings = read_settings(GatewaySettings, sys.argv[1:])
    except SettingError as error:
        sys.stderr.write(f"gateway: {error}\n")
        return 2
    try:
        give_back_large_buffers()
        uvloop.run(serve(settings))
    except KeyFileError as error:
        sys.stderr.write(f"gateway: CHURN_GATEWAY_API_KEYS: {error}\n")
        return 2
    except CanaryWeightError as error:
        sys.stderr.write(f"gateway: CHURN_GATEWAY_CANARY_PERCENT_FILE: {error}\n")
        return 2
    except (ChurnModelError, OSError) as error:
        sys.stderr.write(f"gateway: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
