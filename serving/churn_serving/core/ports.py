"""What the decision path asks of the outside, and what it tells it."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from churn_model import Description, Row, Schema, Scores
from churn_serving.telemetry.tracing import Traced

ANSWERED = "answered"
"""The outcome of a call that brought what it was made for."""


class Answer(NamedTuple):
    """Scores in the order of the rows, and the model that made them."""

    scores: Scores
    description: Description


class Explanation(NamedTuple):
    """Shapley values of churn log-odds, shape ``[rows][features + 1]``, the base last, and the digest of the model
    that explained, which behind one address need not be the model that scored."""

    contributions: Sequence[Sequence[float]]
    digest: str


class Origin(Traced, Protocol):
    """Whose request it is that rows belong to."""

    def scored(self, served_by: str, answer: Answer) -> None:
        """The request shares a call with others and this is its part of the answer: all of them are told before the
        first of them goes on, so that what is to be done for each can be done for all at once. Must return at once and
        never raises. Who has a call alone is told nothing, nor are large requests and copies."""


class Backend(Protocol):
    """A place that scores rows. Every failure is a :class:`churn_serving.core.errors.BackendError`."""

    @property
    def name(self) -> str:
        """``primary``, ``canary`` or ``fallback``: what ``served_by`` says."""

    @property
    def description(self) -> Description | None:
        """The model it was last seen with; None before it was ever reached."""

    async def score(
        self,
        rows: Sequence[Row],
        schema: Schema,
        timeout: float,  # noqa: ASYNC109 - the port's contract
        origins: Sequence[Traced] = (),
    ) -> Answer:
        """Score rows that were read by ``schema`` within ``timeout`` seconds; the model that answers has that schema,
        or :class:`churn_serving.core.errors.BackendOtherSchema` is raised. ``origins`` are the requests that the rows
        belong to, where they are known: the decision path carries them and never looks inside."""

    async def explain(
        self,
        rows: Sequence[Row],
        description: Description,
        timeout: float,  # noqa: ASYNC109
        origins: Sequence[Traced] = (),
    ) -> Explanation:
        """Explain rows that fit ``description``'s schema within ``timeout`` seconds; costs a multiple of scoring."""

    async def probe(self, timeout: float) -> bool:  # noqa: ASYNC109 - the port's contract
        """Whether it answers its own golden rows bit for bit within ``timeout`` seconds. Never raises."""


class ShadowObserver(Protocol):
    """Told what becomes of copies for the canary; must return at once."""

    def shadow_ended(self, outcome: str, digest: str) -> None:
        """A copy came to :data:`ANSWERED`, to the reason of a :class:`churn_serving.core.errors.BackendError`, or was
        not sent since the canary is left alone. ``digest`` as in :meth:`Observer.backend_called`."""

    def shadow_dropped(self) -> None:
        """A copy was not sent, since too many were under way."""

    def shadow_compared(
        self, digest: str, beside: str, probabilities: Sequence[float], others: Sequence[float]
    ) -> None:
        """The canary's model said this of the first customers to whom the model ``beside`` it had given ``others``."""


class Observer(Protocol):
    """Told what happens; must return at once."""

    def backend_called(self, backend: str, rows: int, seconds: float, outcome: str, digest: str) -> None:
        """A call ended: :data:`ANSWERED`, or the reason of the :class:`churn_serving.core.errors.BackendError` that it
        came to. ``digest`` is that of the model that answered, or else of the one last seen there (empty: none)."""

    def backend_state(self, backend: str, state: int) -> None:
        """A breaker changed: 0 closed, 1 half open, 2 open."""

    def fell_back(self, backend: str, reason: str) -> None:
        """A request went on from a backend without its answer, or without having asked it."""

    def diverted(self, reason: str, served_by: str) -> None:
        """A request was answered by another than its first choice, for the reason that it left that one. Once a
        request."""

    def shed(self, reason: str) -> None:
        """A request was refused early."""

    def explained(self, outcome: str) -> None:
        """A request that asked for reasons got them (``given``) or, for this reason, none."""
