"""Arguments of `churn score`."""

from churn_cli.arguments.shared import Commands, Given, add_cluster, add_command, add_file_form
from churn_data.locations import location


def add_arguments(commands: Commands) -> None:
    """Declare `churn score`."""
    command = add_command(commands, "score", "score a file of customers")
    command.add_argument(
        "input", type=location, help="customers: CSV, Parquet, JSON or .xlsx, a path or s3://bucket/key"
    )
    command.add_argument(
        "output",
        type=location,
        help="answers, CSV or Parquet by its ending, a path or s3://bucket/key; ids stay as they are, "
        "also those that Excel would compute",
    )
    command.add_argument(
        "--shard",
        metavar="I/N",
        help="input and output are folders (or s3:// prefixes): score share I, from 0, of N shares of their files and "
        "row groups, but what is scored already; N alone: I is JOB_COMPLETION_INDEX, as an indexed Job sets it",
    )
    command.add_argument(
        "--format",
        action=Given,
        choices=("csv", "parquet"),
        default="csv",
        help="of a shard's answers (%(default)s)",
    )
    where = command.add_mutually_exclusive_group()
    where.add_argument(
        "--model",
        action=Given,
        type=location,
        help="model by its name (its champion), or folder of a package, a path or s3://bucket/folder/",
    )
    where.add_argument(
        "--usecase", action=Given, default="telecom", help="use case whose champion scores (%(default)s)"
    )
    cluster = add_cluster(
        command, "score a folder of object storage in an indexed Kubernetes Job, by the model that the release serves"
    )
    cluster.add_argument("--shards", type=int, metavar="N", help="how many shards, a pod each (default: the release's)")
    cluster.add_argument("--parallelism", type=int, metavar="N", help="how many at a time (default: the release's)")
    add_file_form(command)
