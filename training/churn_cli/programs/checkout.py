"""``python -m churn_cli.programs.checkout``: an init container of the chart, before a command that commits."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from churn_cli.guard import guarded
from churn_cli.programs.pods import pod_parser
from churn_cli.terminal import say
from churn_delivery.clone import clone
from churn_delivery.errors import DeliveryError
from churn_delivery.settings import PASSWORD_FILE, USERNAME, credentials_from

URL, BRANCH, FOLDER = "CHURN_GIT_URL", "CHURN_GIT_BRANCH", "CHURN_GIT_FOLDER"
VARIABLES = {
    URL: "address of the repository over HTTP, without a user, always needed",
    BRANCH: "its branch (main)",
    FOLDER: "where the checkout is made, always needed",
    USERNAME: "who we are there (token, where there is a password)",
    PASSWORD_FILE: "file with the password or access token in its first line (none)",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run once in a pod; returns the exit code: 0, 2 for what trying again cannot mend, 1 for anything else."""
    pod_parser("checkout", "Make a checkout of a branch.", VARIABLES).parse_args(arguments)
    return guarded(lambda: _make(os.environ))


def _make(environment: Mapping[str, str]) -> None:
    url, folder = environment.get(URL, ""), environment.get(FOLDER, "")
    for name, value in {URL: url, FOLDER: folder}.items():
        if not value:
            raise DeliveryError(f"{name}: is not set")
    # With a user in it the address would be in every message of a library, and in the checkout.
    if not url.startswith(("http://", "https://")) or "@" in url:
        raise DeliveryError(f"{URL}: must be https://host/path without a user; {USERNAME} and {PASSWORD_FILE} say who")
    branch = environment.get(BRANCH) or "main"
    commit = clone(url, branch, Path(folder), credentials_from(environment))
    say(f"{url}: branch {branch} at commit {commit[:10]}")


if __name__ == "__main__":
    sys.exit(main())
