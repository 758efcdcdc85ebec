"""The local start: reads the choices, makes sure that nothing is in the way, and hands over to the supervisor.

The exit code is 0 after SIGTERM, 130 after Ctrl-C, 2 if something given is bad, 1 if a service cannot be kept alive.
"""

import json
import sys
from collections.abc import Sequence
from functools import partial

from churn_serving.local.champion import read_champion
from churn_serving.local.checks import check_start
from churn_serving.local.console import Console
from churn_serving.local.errors import NotStarted, ServiceError, ServiceRefused
from churn_serving.local.log_key import make_log_key
from churn_serving.local.marketing import MISSING, all_services, is_installed
from churn_serving.local.readiness import check_ports
from churn_serving.local.scraping import write_scraping
from churn_serving.local.settings import local_home, read_settings
from churn_serving.local.state import LocalState
from churn_serving.local.summary import summary
from churn_serving.local.supervisor import Supervisor
from churn_serving.runtime.command_line import without_check

BAD_INPUT = 2
FAILED = 1


def run(arguments: Sequence[str]) -> int:
    """Start everything and stay until the end; with ``--check`` only say whether that could be done, and print
    as JSON the address at which each service would be.

    Raises:
        NotStarted: something chosen cannot be used; nothing was started.
        ServiceError: a service cannot be kept alive; everything was ended.
    """
    arguments, only_check = without_check(arguments)
    settings = read_settings(arguments)
    if only_check:
        sys.stdout.write(json.dumps(check_start(settings)) + "\n")
        return 0
    champion = read_champion(settings.model)
    state = LocalState(local_home())
    try:
        make_log_key(settings, state.home)
        services = all_services(settings, state.home)
        check_ports(port for service in services for port in service.ports)
        write_scraping(services, state.home)
        console = Console(partial(summary, champion, settings.usecase, services, state.home / "logs"))
        if settings.marketing and not is_installed():
            console.say(MISSING)
        return Supervisor(services, state, console, settings.ready_timeout).run()
    finally:
        state.close()


def main() -> int:
    """Run with the process's own arguments and return its exit code."""
    try:
        return run(sys.argv[1:])
    except NotStarted as error:
        sys.stderr.write(f"churn up: {error}\n")
        return BAD_INPUT
    except ServiceRefused:
        return BAD_INPUT
    except ServiceError:
        return FAILED
