"""Combines families: non-negative weights on their log-odds, on a calibrated scale.

A calibrated family is a blend of one (Platt 1999). It works on columns of log-odds; it must not know how they came
about.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy
from scipy.optimize import minimize
from scipy.special import expit

from churn_training.families.candidates import Candidate

RIDGE = 1e-3
"""Pull of the weights towards equal ones, beside a mean log loss: families that agree leave weights undecided."""
LEAST_SLOPE = 1e-3
LEAST_WEIGHT = 1e-3
"""A member with less is not worth packaging."""


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
        """All families together, not fitted yet."""
        equal = 1.0 / len(members)
        return cls("ensemble", "Ensemble of all families", tuple(members), (equal,) * len(members))

    @property
    def parameters(self) -> dict[str, object]:
        """What was fitted, for the record."""
        weights = {f"weight_{member.name}": weight for member, weight in zip(self.members, self.weights, strict=True)}
        return {"slope": self.slope, "intercept": self.intercept, **weights}

    def combine(self, columns: numpy.ndarray) -> numpy.ndarray:
        """Log-odds of the blend from its members' [customers, members], summed in the members' order as when served."""
        total = numpy.zeros(len(columns))
        for weight, column in zip(self.weights, columns.T, strict=True):
            total = total + weight * column
        blended: numpy.ndarray = self.slope * total + self.intercept
        return blended

    def fitted(self, columns: numpy.ndarray, churned: numpy.ndarray) -> "Blend":
        """The blend of lowest log loss on answers [customers, members] that were given to customers unseen."""
        count = columns.shape[1]
        ridge = RIDGE if count > 1 else 0.0

        def loss(parameters: numpy.ndarray) -> tuple[float, numpy.ndarray]:
            factors, intercept = parameters[:-1], parameters[-1]
            raw = columns @ factors + intercept
            away = factors - factors.mean()
            value = float(numpy.mean(numpy.logaddexp(0.0, raw) - churned * raw) + ridge * away @ away)
            residual = expit(raw) - churned
            slopes = columns.T @ residual / len(raw) + 2.0 * ridge * away
            return value, numpy.append(slopes, residual.mean())

        start = numpy.append(numpy.full(count, 1.0 / count), 0.0)
        bounds = [(LEAST_SLOPE / count, None)] * count + [(None, None)]
        found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
        slope = float(found[:-1].sum())
        weights = tuple(float(factor) / slope for factor in found[:-1])
        return replace(self, weights=weights, slope=slope, intercept=float(found[-1]))

    def pruned(self) -> "Blend":
        """Without members that weigh nothing; the others keep their weights."""
        kept = [place for place, weight in enumerate(self.weights) if weight >= 2 * LEAST_WEIGHT / len(self.weights)]
        return replace(
            self,
            members=tuple(self.members[place] for place in kept),
            weights=tuple(self.weights[place] for place in kept),
        )


Contender = Candidate | Blend
