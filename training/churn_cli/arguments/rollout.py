"""Arguments of `churn rollout`, which has commands of its own."""

import argparse
import re

from churn_cli.arguments.environments import add_description, add_repository
from churn_cli.arguments.shared import Commands, add_command, add_usecase

_LABEL = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.+)")


def add_arguments(commands: Commands) -> None:
    """Declare `churn rollout` and its commands."""
    text = "try a version in an environment beside the one it serves, by commits that judge what gateways count"
    rollout = commands.add_parser("rollout", help=text, description=text)
    actions = rollout.add_subparsers(dest="action", required=True, metavar="ACTION")
    start = add_command(actions, "start", "give a version the first share of customers, or of copies")
    add_usecase(start)
    start.add_argument("version", help="version number, or job:NAME for the one that a Job has trained")
    start.add_argument(
        "--force", action="store_true", help="do it even if the gate, or a rollout before, is against it"
    )
    add_description(start, "once it is the one that is served, commit its signed description, too")
    _add_environment(start)
    text = "look once, and go a step on, back, or not at all; exit code 3 where it is taken back"
    step = add_command(actions, "step", text)
    step.add_argument("--prometheus", required=True, metavar="URL", help="Prometheus that scrapes the gateways")
    step.add_argument(
        "--label", action="append", default=[], type=_label, metavar="NAME=VALUE",
        help="what this release's series have there and others have not, such as namespace=churn; may be repeated",
    )  # fmt: skip
    step.add_argument("--dry-run", action="store_true", help="say what would be done and why, and do nothing")
    _add_environment(step)
    text = "say how a version stands: exit code 0, it is served; 3, it was taken back; 4, its trial goes on"
    status = add_command(actions, "status", text)
    add_usecase(status)
    status.add_argument("version", help="version number, or job:NAME for the one that a Job has trained")
    status.add_argument("--over", action="store_true", help="only ask whether its trial is over: exit code 0 or 4")
    _add_environment(status)
    _add_environment(add_command(actions, "stop", "take the canary back at once"))


def _add_environment(command: argparse.ArgumentParser) -> None:
    add_repository(command).add_argument("--environment", required=True, metavar="NAME", help="which one")


def _label(text: str) -> tuple[str, str]:
    found = _LABEL.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f'"{text}" is not a label such as namespace=churn')
    return found[1], found[2]
