"""What an answer of a model adds to several metrics, found with one look-up. It must not know how metrics are shown."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from churn_serving.telemetry.bounded_children import BoundedChildren
from churn_serving.telemetry.plain_numbers import Count, Distribution
from churn_serving.telemetry.recommendation_counts import RecommendationCounts, Recommended


class Model(Protocol):
    """The model that answered; ``digest`` alone tells it from every other."""

    digest: str

    @property
    def name(self) -> str:
        """The registered model's name."""

    @property
    def version(self) -> str:
        """The registered model's version."""


class Tally(NamedTuple):
    """What answers of one kind add to."""

    requests: Count
    latency: Distribution
    scores: Distribution
    recommended: Recommended
    version: str
    """The model's, as lines say it."""
    usual: bool
    """Whether it went well: with many of the kind, a few lines say as much as all."""


WELL = 200
USUAL_SERVERS = frozenset({"primary", "canary"})
"""Who answers where nothing is wrong."""
Kind = tuple[str, int, str, str]
"""Route, HTTP status or its gRPC equivalent, who served, the model's digest."""


_Last = tuple[str, int, str, Model | None, Tally]
_NOWHERE = Tally(Count(), Distribution(()), Distribution(()), Recommended(), "", usual=False)
_NONE: _Last = ("", 0, "", None, _NOWHERE)


class AnswerTallies:
    """Resolves once, for each kind of answer, what it adds to. ``codes`` are texts of statuses."""

    def __init__(
        self,
        answered: BoundedChildren[tuple[Count, Distribution]],
        scores: BoundedChildren[Distribution],
        recommendations: RecommendationCounts,
        codes: Mapping[int, str],
    ) -> None:
        self._answered = answered
        self._scores = scores
        self._recommendations = recommendations
        self._codes = codes
        self._known: dict[Kind, Tally] = {}
        for source in (answered, scores, recommendations.children):
            source.forgotten = self._forget  # nobody adds to what is shown no more
        self.last = _NONE
        """The kind of the answer before this one, nearly always that of the next, by the objects themselves: to see
        that they are the same ones takes a third of a look into a table. To be looked at for each answer, since it may
        be forgotten."""

    def of(self, route: str, code: int, served_by: str, model: Model) -> Tally:
        """What an answer of this kind adds to, which becomes ``last``."""
        kind = (route, code, served_by, model.digest)
        tally = self._known.get(kind) or self._resolve(kind, model)
        self.last = (route, code, served_by, model, tally)
        return tally

    def _forget(self) -> None:
        self._known.clear()
        self.last = _NONE

    def _resolve(self, kind: Kind, model: Model) -> Tally:
        route, code, served_by, digest = kind
        name, version = model.name, model.version
        requests, latency = self._answered[route, served_by, version, self._codes[code]]
        scores = self._scores[name, digest, served_by]
        recommended = self._recommendations.children[name, digest]
        tally = self._known[kind] = Tally(
            requests, latency, scores, recommended, version, code == WELL and served_by in USUAL_SERVERS
        )
        return tally
