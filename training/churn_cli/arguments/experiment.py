"""Arguments of `churn experiment`."""

import argparse
from typing import Any

from churn_campaigns.experiment.assignment import CONTROL
from churn_cli.arguments.shared import Commands, Given, add_command, add_file_form, add_usecase, between_0_and_1, day
from churn_data.locations import location


def add_arguments(commands: Commands) -> None:
    """Declare `churn experiment plan`, `assign` and `read`."""
    text = "plan, assign and read experiments on customers"
    experiment = commands.add_parser("experiment", help=text, description=text)
    parts = experiment.add_subparsers(dest="part", required=True, metavar="PART")
    _add_plan(parts)
    _add_assign(parts)
    _add_read(parts)


def _add_plan(parts: Commands) -> None:
    command = add_command(parts, "plan", "how many customers an experiment needs, or what so many can show")
    share: dict[str, Any] = {"type": between_0_and_1, "metavar": "SHARE"}
    command.add_argument("--base-rate", required=True, help="churn of the control arm, such as 0.265", **share)
    command.add_argument("--reduction", help="relative reduction to show, such as 0.12 for 12 %%", **share)
    command.add_argument("--customers", type=int, metavar="N", help="customers there are, both arms together")
    command.add_argument("--power", default=0.8, help="how often it shall be shown (%(default)s)", **share)
    command.add_argument("--control-share", default=0.5, help="share held out as control (%(default)s)", **share)
    command.add_argument("--looks", type=int, default=1, metavar="K", help="equally spaced looks (%(default)s)")
    _add_alpha(command)


def _add_assign(parts: Commands) -> None:
    command = add_command(parts, "assign", "deal customers to control and treatment by a salted hash of their ids")
    command.add_argument(
        "input", metavar="CUSTOMERS", type=location, help="CSV, Parquet, JSON or .xlsx, a path or s3://bucket/key"
    )
    command.add_argument(
        "output",
        metavar="OUT",
        type=location,
        help="id, arm, salt_id, share, assigned_on, row_check; as above, or .xlsx for Excel",
    )
    command.add_argument("--salt", required=True, help="name of the experiment; another salt deals anew")
    command.add_argument("--date", type=day, help="day of assignment, such as 2026-01-31 (default: today)")
    _add_shares(command, required=True)
    add_usecase(command)
    add_file_form(command)


def _add_read(parts: Commands) -> None:
    command = add_command(parts, "read", "what an experiment has shown, by intent to treat")
    command.add_argument(
        "assignment", metavar="ASSIGNMENT", type=location, help="what assign wrote, or the plan of a campaign"
    )
    command.add_argument("outcomes", metavar="OUTCOMES", type=location, help="id, label and day of the outcome")
    command.add_argument("--primary", metavar="COLUMN", help="who left (default: the use case's label)")
    command.add_argument("--date-column", metavar="COLUMN", help="day of the outcome (default: outcome_on)")
    command.add_argument("--look", type=int, metavar="I", help="which look this is, with --looks")
    command.add_argument("--looks", type=int, metavar="K", help="how many looks were planned")
    command.add_argument(
        "--information", type=_informations, metavar="SHARES",
        help="share of the planned outcomes at each look so far, such as 0.2,0.55 (default: equally spaced)",
    )  # fmt: skip
    command.add_argument(
        "--ignore-unassigned", action="store_true", help="count outcomes of customers who were never assigned"
    )
    command.add_argument(
        "--history", type=location, metavar="FILE",
        help="of a plan: add its customers and what became of them, for the next campaign's --history",
    )  # fmt: skip
    _add_shares(command, required=False)
    add_file_form(command)
    _add_alpha(command)
    add_usecase(command)


def _add_alpha(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--alpha",
        action=Given,
        type=between_0_and_1,
        default=0.05,
        metavar="SHARE",
        help="how often chance alone may show an effect (%(default)s)",
    )


def _add_shares(command: argparse.ArgumentParser, *, required: bool) -> None:
    note = "" if required else " (default: what the assignment says)"
    command.add_argument(
        "--control-share", type=between_0_and_1, required=required, metavar="SHARE", help=f"share held out{note}"
    )
    command.add_argument(
        "--arms", type=_named_shares, metavar="NAME=SHARE,…", help="the other arms (default: one, treatment)"
    )


def _informations(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f'"{text}" are not shares such as 0.2,0.55') from None


def _named_shares(text: str) -> dict[str, float]:
    """`a=0.5,b=0.4` as arm to share, for argparse; the control arm has an option of its own."""
    shares: dict[str, float] = {}
    for part in text.split(","):
        name, equals, share = (piece.strip() for piece in part.partition("="))
        if not name or not equals:
            raise argparse.ArgumentTypeError(f'"{part}" is not an arm and its share, such as offer=0.4')
        if name == CONTROL or name in shares:
            raise argparse.ArgumentTypeError(f'the arm "{name}" has a share already')
        shares[name] = between_0_and_1(share)
    return shares
