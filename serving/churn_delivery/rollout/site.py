"""The environment in which a rollout goes on: its two files as the server of git has them, and one commit that changes
them. It must not know what a step follows from.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from churn_delivery.environment_check import check_environment
from churn_delivery.errors import EnvironmentProblem
from churn_delivery.git_server import GitServer
from churn_delivery.layout import MODEL, ROLLOUT, Layout, read_layout
from churn_delivery.model_file import ServedModel, read_model
from churn_delivery.promotion import Place, ready, written
from churn_delivery.repository import Checkout
from churn_delivery.rollout.record import RolloutFile, read_rollout


@dataclass(frozen=True)
class Site:
    """An environment as its server has it; `read` gives the text of a file there, None where there is none."""

    place: Place
    environment: str
    checkout: Checkout
    server: GitServer
    layout: Layout
    read: Callable[[str], bytes | None]

    def path(self, name: str) -> str:
        """Where a file of it stands."""
        return self.layout.path(self.environment, name)

    def file(self, *, lenient: bool = False) -> RolloutFile:
        """Its rollout; `lenient`: without its record, where that cannot be read.

        Raises:
            EnvironmentProblem: it cannot be read.
        """
        path = self.path(ROLLOUT)
        text = self.read(path) or b""
        try:
            return read_rollout(path, text)
        except EnvironmentProblem:
            if not lenient:
                raise
            return read_rollout(path, b"\n".join(line for line in text.splitlines() if not line.startswith(b"#")))

    def model(self) -> ServedModel:
        """The model that it serves."""
        path = self.path(MODEL)
        return read_model(path, self.read(path) or b"")

    def served(self) -> str:
        """The identity of the model that it serves; empty: the starter model."""
        return self.model().identity

    def write(self, texts: Mapping[str, bytes], message: str) -> tuple[str, str]:
        """Replace files by one commit that is pushed; the commit and its branch.

        Raises:
            DeliveryError: it is refused, or somebody was first; nothing was changed.
        """
        check_environment(self.layout, self.environment, self.read, texts)
        commit = self.checkout.commit({self.path(name): text for name, text in texts.items()}, message)
        return written(self.checkout, self.server, commit, self.place.branch)


@contextmanager
def opened(place: Place, environment: str) -> Iterator[Site]:
    """A site to be written to, until the block ends.

    Raises:
        DeliveryError: no commit can be made there.
    """
    with Checkout(place.repository) as checkout:
        yield Site(place, environment, checkout, *ready(checkout, place, environment), checkout.read)


@contextmanager
def looked_at(place: Place, environment: str) -> Iterator[Site]:
    """A site that is only read, until the block ends. What the checkout itself has does not matter: it may be behind,
    ahead, or changed.

    Raises:
        DeliveryError: the server does not answer, or its files cannot be used.
    """
    with Checkout(place.repository) as checkout:
        server = GitServer(checkout, place.credentials)
        read = partial(checkout.read, commit=server.fetch())
        layout = read_layout(place.environments, read)
        layout.require(environment)
        check_environment(layout, environment, read)
        yield Site(place, environment, checkout, server, layout, read)
