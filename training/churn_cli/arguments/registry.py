"""Arguments of `churn registry`, which has commands of its own."""

from churn_cli.arguments.environments import add_repository
from churn_cli.arguments.shared import Commands, add_command
from churn_data.locations import location


def add_arguments(commands: Commands) -> None:
    """Declare `churn registry` and its commands."""
    text = "look after the registry of models: restore one that is lost"
    registry = commands.add_parser("registry", help=text, description=text)
    actions = registry.add_subparsers(dest="action", required=True, metavar="ACTION")
    command = add_command(
        actions, "rebuild", "register again, in an MLflow that has lost them, all signed packages among its artifacts"
    )
    command.add_argument(
        "--artifacts",
        type=location,
        metavar="PLACE",
        help="where MLflow kept artifacts: a folder or s3://bucket/prefix (default: where it keeps them now)",
    )
    command.add_argument("--dry-run", action="store_true", help="say what would be registered, and write nothing")
    group = add_repository(command)
    group.add_argument(
        "--environment",
        metavar="NAME",
        help="make champion what this environment serves, by its commits (default: what trainings promoted)",
    )
