"""Everything that keeps a model from being promoted or taken back, as one tree.

    DeliveryError             refused; nothing was written anywhere
    ├── EnvironmentProblem        a file of an environment cannot be used; names file, line and key
    ├── TreeNotReady              the git checkout is dirty, diverged, detached or none
    │   └── TreeBehind                the git server has newer commits; a new checkout has them
    ├── PromotionRefused          a rule is against it: the gate, the environment before, a former rollback
    ├── CredentialsRefused        the git server does not let this user in, or not write
    ├── RaceLost                  somebody else's commit came first; worth trying again
    ├── GitServerAway             the git server does not answer; worth trying again
    └── RegistryAway              the image registry does not answer; worth trying again

``str(error)`` is one line that ends with what to do. The last three and `TreeBehind` are failures without bad input
(exit code 1): a pod makes its checkout a moment before, and somebody may commit in between.
"""

from churn_data.errors import Failure, Unavailable
from churn_model.errors import ChurnModelError


class DeliveryError(ChurnModelError):
    """Root of the tree."""


class EnvironmentProblem(DeliveryError):
    """A file of an environment cannot be used."""

    def __init__(self, file: str, problem: str, *, line: int | None = None, key: str = "") -> None:
        place = [file]
        if line is not None:
            place.append(f"line {line}")
        if key:
            place.append(key)
        super().__init__(f"{', '.join(place)}: {problem}")


class TreeNotReady(DeliveryError):
    """The checkout is not at the commit that the git server has, with nothing changed."""


class TreeBehind(TreeNotReady, Failure):
    """The server's branch has commits that the checkout has not; they may be younger than the checkout."""


class PromotionRefused(DeliveryError):
    """A rule of promotion is against it."""


class CredentialsRefused(DeliveryError):
    """The git server refused the user, or the user may not write."""


class RaceLost(DeliveryError, Failure):
    """The branch got another commit in the meantime."""


class GitServerAway(DeliveryError, Unavailable):
    """The git server does not answer."""


class RegistryAway(DeliveryError, Unavailable):
    """The registry of images does not answer."""
