"""Combines families: non-negative weights on their log-odds, on a calibrated scale.

A calibrated family is a blend of one (Platt 1999); an ensemble is chosen greedily (Caruana et al. 2004). It works on
columns of log-odds; it must not know how they came about.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy
from scipy.optimize import minimize
from scipy.special import expit

from churn_model.blend_estimator import MOST_MEMBERS
from churn_training.families.candidates import Candidate
from churn_training.families.log_losses import log_loss_of
from churn_training.families.serving_time import together

ENSEMBLE, MEAN = "ensemble", "ensemble-mean"
BEST = (3, 4, 5)
"""Members of a plain mean of the best."""
SURE_OF_SCALE = 100.0
"""How many customers' worth of certainty there is, before any answer is seen, that a scale needs no change."""
SAMPLES = 4
STEPS = 20
"""Times that the greedy choice adds a member, with replacement."""
LEAST_GAIN = 1e-6
LEAST_SLOPE = 1e-3
LEAST_WEIGHT = 0.04
"""A member with less brings less than what serving it costs."""


@dataclass(frozen=True)
class Blend:
    """`slope` × Σ weight × log-odds + `intercept`; the weights sum to 1, one a member."""

    name: str
    title: str
    members: tuple[Candidate, ...]
    weights: tuple[float, ...]
    slope: float = 1.0
    intercept: float = 0.0

    kind = "blend"

    @classmethod
    def calibrated(cls, member: Candidate) -> "Blend":
        """A family on a scale of its own, not fitted yet."""
        return cls(f"{member.name}-calibrated", f"{member.title}, calibrated", (member,), (1.0,))

    @classmethod
    def ensemble(cls, members: Sequence[Candidate]) -> "Blend":
        """All of these together, not fitted yet."""
        equal = 1.0 / len(members)
        return cls(ENSEMBLE, "Ensemble", tuple(members), (equal,) * len(members))

    @classmethod
    def mean(cls, members: Sequence[Candidate]) -> "Blend":
        """The plain mean of the best of these, not chosen yet."""
        return replace(cls.ensemble(members), name=MEAN, title="Mean of the best")

    @property
    def parameters(self) -> dict[str, object]:
        """What was fitted, for the record."""
        found: dict[str, object] = {"slope": self.slope, "intercept": self.intercept}
        for number, (member, weight) in enumerate(zip(self.members, self.weights, strict=True), start=1):
            found[f"member_{number}"] = f"{member.name} {weight:.4f} {dict(member.parameters)}"
        return found

    def combine(self, columns: numpy.ndarray) -> numpy.ndarray:
        """Log-odds of the blend from its members' [customers, members], summed in the members' order as when served."""
        total = numpy.zeros(len(columns))
        for weight, column in zip(self.weights, columns.T, strict=True):
            total = total + weight * column
        blended: numpy.ndarray = self.slope * total + self.intercept
        return blended

    def scaled(self, columns: numpy.ndarray, churned: numpy.ndarray, sure: float = 0.0) -> "Blend":
        """The same weights on the scale of lowest log loss on answers [customers, members] to customers unseen; the
        more customers' worth one is `sure` of the scale as it is, the nearer to it."""
        slope, intercept = _scale(replace(self, slope=1.0, intercept=0.0).combine(columns), churned, sure)
        return replace(self, slope=slope, intercept=intercept)

    def chosen(self, columns: numpy.ndarray, churned: numpy.ndarray) -> "Blend":
        """The greedy choice of members and weights on answers [customers, members] to customers unseen.

        Starting with the best, the member is added, again and again, that lowers the log loss of the mean most; the
        shares are the mean over bootstrap samples. Each is brought to a scale of its own before, forests, whose answers
        are no probabilities, whatever it takes. What would answer too slowly together is not chosen together. The
        weights of all are kept, those of members not chosen being 0: see :meth:`pruned`.
        """
        scales, scaled = self._on_scales(columns, churned)
        return self._shared(_bagged(scaled, churned, self.members), scales, scaled, churned)

    def averaged(self, columns: numpy.ndarray, churned: numpy.ndarray) -> "Blend":
        """The plain mean of the best members on answers [customers, members] to customers unseen, each on a scale of
        its own: as many of `BEST` as give the lowest log loss, passing over who would make the answer too slow.

        What chooses less is misled less by these very customers than the greedy choice. The weights of all are kept,
        see :meth:`pruned`.
        """
        scales, scaled = self._on_scales(columns, churned)
        ranked = numpy.argsort([log_loss_of(column, churned) for column in scaled], kind="stable").tolist()
        inside: list[int] = []
        for place in ranked:
            counts = [int(number in inside) for number in range(len(scaled))]
            if len(inside) < BEST[-1] and _affordable(counts, place, self.members):
                inside.append(place)
        sizes = [size for size in BEST if size <= len(inside)] or [len(inside)]
        size = min(sizes, key=lambda size: log_loss_of(scaled[inside[:size]].mean(axis=0), churned))
        shares = numpy.zeros(len(scaled))
        shares[inside[:size]] = 1.0 / size
        return self._shared(shares, scales, scaled, churned)

    def _on_scales(
        self, columns: numpy.ndarray, churned: numpy.ndarray
    ) -> tuple[list[tuple[float, float]], numpy.ndarray]:
        """Slope and intercept of each member, and their answers [members, customers] on these scales."""
        scales = [
            _scale(column, churned, 0.0 if member.is_forest else SURE_OF_SCALE)
            for member, column in zip(self.members, columns.T, strict=True)
        ]
        scaled = [slope * column + cut for (slope, cut), column in zip(scales, columns.T, strict=True)]
        return scales, numpy.stack(scaled)

    def _shared(
        self,
        shares: numpy.ndarray,
        scales: Sequence[tuple[float, float]],
        scaled: numpy.ndarray,
        churned: numpy.ndarray,
    ) -> "Blend":
        """With these shares of members that are on their scales; what is left to scale is their mean."""
        factors = numpy.array([share * slope for share, (slope, _) in zip(shares, scales, strict=True)])
        slope, cut = _scale(shares @ scaled, churned, SURE_OF_SCALE)
        shift = float(shares @ numpy.array([own for _, own in scales]))
        total = float(factors.sum())
        return replace(
            self, weights=tuple((factors / total).tolist()), slope=slope * total, intercept=slope * shift + cut
        )

    def pruned(self) -> "Blend":
        """Without members that weigh next to nothing."""
        largest = max(self.weights)
        kept = [place for place, weight in enumerate(self.weights) if weight >= min(LEAST_WEIGHT, largest)]
        total = sum(self.weights[place] for place in kept)
        return replace(
            self,
            members=tuple(self.members[place] for place in kept),
            weights=tuple(self.weights[place] / total for place in kept),
        )


def _scale(column: numpy.ndarray, churned: numpy.ndarray, sure: float = 0.0) -> tuple[float, float]:
    """Slope and intercept of lowest log loss; the more customers' worth one is `sure`, the nearer to 1 and 0."""
    pull = sure / len(column)

    def loss(parameters: numpy.ndarray) -> tuple[float, numpy.ndarray]:
        slope, intercept = parameters
        raw = slope * column + intercept
        value = log_loss_of(raw, churned) + pull * ((slope - 1.0) ** 2 + intercept**2) / 2.0
        residual = expit(raw) - churned
        slopes = numpy.array([column @ residual, residual.sum()]) / len(raw) + pull * (parameters - [1.0, 0.0])
        return value, slopes

    bounds = [(LEAST_SLOPE, None), (None, None)]
    slope, intercept = minimize(loss, numpy.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=bounds).x
    return float(slope), float(intercept)


def _bagged(columns: numpy.ndarray, churned: numpy.ndarray, members: Sequence[Candidate]) -> numpy.ndarray:
    """Mean shares over bootstrap samples; only members of the choice on all customers, who fit together in time."""
    whole = numpy.array(_greedy(columns, churned, members))
    places = numpy.flatnonzero(whole).tolist()
    inside = [members[place] for place in places]
    generator = numpy.random.default_rng(0)
    for _ in range(SAMPLES):
        drawn = generator.integers(len(churned), size=len(churned))
        whole[places] += _greedy(columns[places][:, drawn], churned[drawn], inside)
    shares: numpy.ndarray = whole / whole.sum()
    return shares


def _greedy(columns: numpy.ndarray, churned: numpy.ndarray, members: Sequence[Candidate]) -> list[float]:
    """Each member's share of the best prefix of the greedy path; `columns` are [members, customers]."""
    counts, total = [0] * len(columns), numpy.zeros(columns.shape[1])
    best, found = numpy.inf, counts
    for step in range(1, STEPS + 1):
        losses = [
            log_loss_of((total + column) / step, churned) if _affordable(counts, place, members) else numpy.inf
            for place, column in enumerate(columns)
        ]
        place = int(numpy.argmin(losses))
        counts = [count + (number == place) for number, count in enumerate(counts)]
        total = total + columns[place]
        if losses[place] < best - LEAST_GAIN:
            best, found = losses[place], counts
    return [count / sum(found) for count in found]


def _affordable(counts: Sequence[int], place: int, members: Sequence[Candidate]) -> bool:
    """Whether it is in already, is the first, or may still join."""
    inside = [member for member, count in zip(members, counts, strict=True) if count]
    if counts[place] or not inside:
        return True
    return len(inside) < MOST_MEMBERS and together([*inside, members[place]]).fits


Contender = Candidate | Blend


def family_of(contender: Contender) -> tuple[str, str]:
    """Name and title of the family that a contender belongs to; combinations of several are one of their own."""
    if isinstance(contender, Candidate):
        return contender.name, contender.title
    if contender.name in (ENSEMBLE, MEAN):
        return ENSEMBLE, "Combinations of families"
    return family_of(contender.members[0])
