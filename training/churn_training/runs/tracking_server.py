"""Waits for MLflow's server where there is one: in a cluster it may start later than what needs it.

MLflow's own client would try again for minutes without a word.
"""

import time
from collections.abc import Callable

import httpx

from churn_data.errors import Unavailable
from churn_training.packaging.home import Home

WAIT_SECONDS = 60.0
PAUSE_SECONDS = 1.0
ANSWER_SECONDS = 3.0
SERVER_ERROR = 500


def wait_for_server(home: Home, say: Callable[[str], None], seconds: float = WAIT_SECONDS) -> None:
    """Return as soon as MLflow's server answers; at once where MLflow is a database of this machine. `say` is told when
    there is something to wait for.

    Raises:
        Unavailable: it did not answer in time.
    """
    if not home.tracking_uri.startswith(("http://", "https://")):
        return
    deadline = time.monotonic() + seconds
    problem = _problem(home.tracking_uri)
    if problem:
        say(f"waiting for MLflow at {home.tracking_uri}")
    while problem:
        if time.monotonic() > deadline:
            raise Unavailable(f"CHURN_TRACKING_URI: MLflow at {home.tracking_uri} does not answer ({problem})")
        time.sleep(PAUSE_SECONDS)
        problem = _problem(home.tracking_uri)


def _problem(uri: str) -> str:
    """What is wrong, empty if nothing is."""
    try:
        status = httpx.get(f"{uri.rstrip('/')}/health", timeout=ANSWER_SECONDS).status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return type(error).__name__
    return f"status {status}" if status >= SERVER_ERROR else ""
