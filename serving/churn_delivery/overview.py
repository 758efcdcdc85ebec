"""What every environment serves and may go back to, by the checkout's commits. It asks no server and no cluster."""

from dataclasses import dataclass

from churn_delivery.history import history_of
from churn_delivery.layout import MODEL, Layout, read_layout
from churn_delivery.model_file import ServedModel
from churn_delivery.promotion import Place
from churn_delivery.repository import Checkout


@dataclass(frozen=True)
class EnvironmentState:
    """An environment and the one before it; `serves`: None while it serves the starter model; `back`: what a rollback
    would bring; `withdrawn`: digests that were taken back there."""

    name: str
    before: str | None
    serves: ServedModel | None
    since: str
    commit: str
    back: ServedModel | None
    withdrawn: tuple[str, ...]


def environment_states(place: Place) -> list[EnvironmentState]:
    """The state of every environment, in their order.

    Raises:
        DeliveryError: there is no checkout, or `environments.yaml` cannot be used.
    """
    with Checkout(place.repository) as checkout:
        layout = read_layout(place.environments, checkout.read)
        return [_state(checkout, layout, name) for name in layout.before]


def served_by(place: Place, environment: str) -> list[ServedModel]:
    """What an environment has served and not taken back, the present model last; none while it serves the starter.

    Raises:
        DeliveryError: there is no checkout or no such environment, or `environments.yaml` cannot be used.
    """
    with Checkout(place.repository) as checkout:
        layout = read_layout(place.environments, checkout.read)
        layout.require(environment)
        path = layout.path(environment, MODEL)
        return [each.model for each in history_of(path, checkout.states(path)).stack]


def _state(checkout: Checkout, layout: Layout, name: str) -> EnvironmentState:
    path = layout.path(name, MODEL)
    history = history_of(path, checkout.states(path))
    present = history.present
    return EnvironmentState(
        name,
        layout.before[name],
        present.model if present else None,
        present.day if present else "",
        present.commit if present else "",
        history.stack[-2].model if len(history.stack) > 1 else None,
        tuple(history.withdrawn),
    )
