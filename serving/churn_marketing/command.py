"""The app's command: settings from flags and environment, then serve; a bad one ends it at once."""

import argparse
import getpass
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from churn_marketing.errors import MarketingError
from churn_marketing.security.users import ROLES, put_user
from churn_marketing.settings import Settings, read_settings

CHECK = "--check"
_BAD_INPUT = 2


class _Stop(SystemExit):
    """Somebody told the process to end; waitress lets its threads finish what they do when it sees one."""


def main(arguments: Sequence[str]) -> int:
    """Run the app, or a command about its users, and return the exit code: 0 after SIGTERM, 2 for a bad setting.

    Raises:
        KeyboardInterrupt: that is how it was ended.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # requests may wait for a thread
    only_check = CHECK in arguments
    try:
        if arguments[:1] == ["users"]:
            return _users(arguments[1:])
        if arguments[:1] == ["fetch"]:
            return _fetch(arguments[1:])
        settings = read_settings([word for word in arguments if word != CHECK])
        if only_check:
            return 0
        _serve(settings)
    except (MarketingError, OSError) as error:
        sys.stderr.write(f"marketing: {error}\n")
        return _BAD_INPUT
    return 0


def _serve(settings: Settings) -> None:
    # Heavy, and not needed to say that a setting will not do.
    from churn_marketing.application import create_application, services_of
    from churn_marketing.pages.form_sizes import allowance_of
    from churn_marketing.receiving import make_server

    app = create_application(settings)
    known = services_of(app)
    server = make_server(app, settings, allowance_of(app))
    asked: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        raise _Stop

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    known.library.start()
    logging.getLogger("churn_marketing").info("serving on http://%s:%d", settings.host, settings.http_port)
    try:
        server.run()
    except _Stop:
        pass
    finally:
        server.close()
        known.library.stop()
        known.planner.end()
        known.gateway.close()
        known.audit.close()
    if signal.SIGINT in asked:
        raise KeyboardInterrupt


def _fetch(arguments: Sequence[str]) -> int:
    from churn_marketing.fetching.process import main as fetch  # object storage is nothing that the app itself asks

    return fetch(arguments)


def _users(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m churn_marketing users", description="Local users of the app.")
    add = parser.add_subparsers(dest="what", required=True).add_parser(
        "add", help="add a user, or give one another password"
    )
    add.add_argument("name")
    add.add_argument("--role", choices=ROLES, default="viewer")
    add.add_argument("--file", type=Path, help="file of users (default: the one of the settings)")
    options = parser.parse_args(list(arguments))
    path = options.file or read_settings([]).users_path
    password = (
        getpass.getpass(f"Password of {options.name}: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    )
    put_user(path, options.name, options.role, password)
    sys.stdout.write(f"{options.name} is a {options.role} now, in {path}\n")
    return 0
