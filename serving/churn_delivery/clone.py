"""A checkout of a branch where there is none yet, for a pod that begins with nothing. Whole, since what an environment
has served and taken back is read from history. It must not know what the repository is for."""

from pathlib import Path

from dulwich.config import StackedConfig

from churn_delivery.errors import TreeNotReady
from churn_delivery.git_address import plain
from churn_delivery.git_faults import translated
from churn_delivery.git_server import connected
from churn_delivery.settings import Credentials


def clone(url: str, branch: str, folder: Path, credentials: Credentials) -> str:
    """Make a checkout of a branch in a folder that is not there yet. Returns its commit.

    Raises:
        TreeNotReady: there is no such repository or branch, or something lies in the folder.
        CredentialsRefused: the server does not let us in.
        GitServerAway: the server does not answer.
    """
    if folder.exists():
        raise TreeNotReady(f"{folder}: is there already; a checkout is made where nothing is")
    address, config = plain(url), StackedConfig.default()
    client, path = connected(url, config, credentials)
    ref = b"refs/heads/" + branch.encode()
    with translated(address):
        if ref not in client.get_refs(path.encode()).refs:
            raise TreeNotReady(f"{address}: has no branch {branch}; push it first")
        with client.clone(path, str(folder), branch=branch, origin="origin", origin_url=url) as made:
            return made.head().decode()
