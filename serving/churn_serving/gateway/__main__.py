"""``python -m churn_serving.gateway``: settings from the environment, then serve; a bad setting ends it at once."""

import logging
import sys

import uvloop
from pydantic import ValidationError

from churn_model import ChurnModelError
from churn_serving.gateway.server import serve
from churn_serving.gateway.settings import GatewaySettings


def main() -> int:
    """Run the gateway and return its exit code: 0 after a signal, 2 for a bad setting, key or port."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        settings = GatewaySettings()
    except ValidationError as error:
        for fault in error.errors():
            name = str(fault["loc"][0]).upper()
            key = name if name.startswith("CHURN_") else f"CHURN_GATEWAY_{name}"
            sys.stderr.write(f"gateway: {key}: {fault['msg']}\n")
        return 2
    try:
        uvloop.run(serve(settings))
    except (ChurnModelError, OSError) as error:
        sys.stderr.write(f"gateway: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
