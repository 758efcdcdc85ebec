"""The supervisor over small services, run as a program so that tests can signal and kill it.

small_start.py HOME NAME:PORT[:OPTION...]...; nothing needs a NAME that begins with "spare".
"""

import sys
from pathlib import Path

from churn_serving.local.console import Console
from churn_serving.local.errors import NotStarted, ServiceError, ServiceRefused
from churn_serving.local.process import RestartRule
from churn_serving.local.services import PortUse, ServiceSpec
from churn_serving.local.state import LocalState
from churn_serving.local.supervisor import Supervisor

SMALL_SERVICE = Path(__file__).with_name("small_service.py")


def spec(text: str) -> ServiceSpec:
    name, port, *options = text.split(":")
    return ServiceSpec(
        name=name,
        command=(sys.executable, str(SMALL_SERVICE), port, *options),
        ports=(PortUse(int(port), name, f"--{name}-port", f"CHURN_UP_{name.upper()}_PORT"),),
        ready_url=f"http://127.0.0.1:{port}/ready",
        vital=not name.startswith("spare"),
    )


def main() -> int:
    home, *services = sys.argv[1:]
    try:
        state = LocalState(Path(home))
    except NotStarted as error:
        sys.stderr.write(f"{error}\n")
        return 2
    console = Console("ready after {:.1f} s\n".format)
    rule = RestartRule(first_delay=0.05, longest_delay=0.2, early_seconds=0.0)
    try:
        specs = [spec(service) for service in services]
        return Supervisor(specs, state, console, ready_timeout=60, rule=rule, patience=0.5).run()
    except ServiceError as error:
        return 2 if isinstance(error, ServiceRefused) else 1
    finally:
        state.close()


if __name__ == "__main__":
    sys.exit(main())
