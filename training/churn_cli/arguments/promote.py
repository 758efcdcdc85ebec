"""Arguments of `churn promote`."""

from churn_cli.arguments.environments import add_description, add_environment
from churn_cli.arguments.shared import Commands, add_command, add_usecase


def add_arguments(commands: Commands) -> None:
    """Declare `churn promote`."""
    command = add_command(commands, "promote", "make a version champion, or the one that an environment serves")
    add_usecase(command)
    command.add_argument("version", nargs="?", help="version number, or job:NAME for the one that a Job has trained")
    command.add_argument(
        "--images",
        metavar="FILE",
        help="instead of a model, have an environment run the images of this file, which make push writes",
    )
    command.add_argument("--image-key", metavar="FILE", help="with --images: public key of cosign that signed them")
    add_description(command, "with --environment: commit the model's signed description, too")
    command.add_argument(
        "--force",
        action="store_true",
        help="do it even if the gate did not pass it against the champion of today; kept beside the version, or in the "
        "commit",
    )
    add_environment(command, "instead, have this environment serve it, by one commit that is pushed")
