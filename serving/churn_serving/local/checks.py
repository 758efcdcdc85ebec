"""Whether a start could be made, before a model is there: folder, ports, and the settings of each service.

Each service is asked for its own. What is refused here would otherwise be refused after minutes of training. It starts
nothing that stays.
"""

import os
import subprocess

from churn_serving.local.errors import SettingError
from churn_serving.local.log_key import make_log_key
from churn_serving.local.marketing import all_services
from churn_serving.local.readiness import check_ports
from churn_serving.local.services import ServiceSpec
from churn_serving.local.settings import LocalSettings, local_home
from churn_serving.local.state import LocalState
from churn_serving.runtime.command_line import CHECK

_SECONDS = 60.0


def check_start(settings: LocalSettings) -> dict[str, str]:
    """The address of each service over HTTP, by its name, if nothing that can be known now is in the way.

    Raises:
        AlreadyRunning: another start has the folder.
        SettingError: one line about the first thing that cannot be used.
    """
    state = LocalState(local_home())
    try:
        make_log_key(settings, state.home)
        services = all_services(settings, state.home)
        check_ports(port for service in services for port in service.ports)
        _ask([service for service in services if service.checks])
        return {service.name: service.addresses["HTTP"] for service in services if "HTTP" in service.addresses}
    finally:
        state.close()


def _ask(services: list[ServiceSpec]) -> None:
    """All at once, since each takes a moment to import what it is made of."""
    asked = [(service, _asked(service)) for service in services]
    said = [(service, process.communicate(timeout=_SECONDS)[1], process.returncode) for service, process in asked]
    for service, problem, code in said:
        if code:
            lines = problem.strip().splitlines() or [f"ended with exit code {code}"]
            raise SettingError(f"{service.name}: {lines[-1].removeprefix(f'{service.name}: ')}")


def _asked(service: ServiceSpec) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - commands come from this package
        [*service.command, CHECK],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ | service.environment,
        text=True,
    )
