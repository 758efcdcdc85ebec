"""Prices for budget and capacities: the Lagrangian dual of the allocation, minimised by cutting planes.

With a price on each limit every customer decides alone, in one vectorised pass, and what that gives is an upper bound
of the optimum, whatever the prices (Geoffrion 1974, "Lagrangean relaxation for integer programming"). The prices with
the lowest bound are found by Kelley's cutting planes, queried between the best point and the master's (Ben-Ameur and
Neto 2007, "Acceleration of cutting-plane and column generation algorithms"). It knows nothing of feasible choices.
"""

from dataclasses import dataclass, field

import numpy

from churn_campaigns.campaign.problem import AllocationProblem, Floats, Integers

TOLERANCE = 1e-6  # of the bound: a hundredth of a hundredth of what a campaign is asked to reach
EVALUATIONS = 400
TOWARDS_MASTER = 0.6
NEGLIGIBLE = 1e-9


@dataclass(frozen=True)
class Priced:
    """The best prices found (float [limits]), the bound that they prove, and the choices whose mixture solves the
    relaxed problem: weights that add up to 1, and the prices at which customers choose so."""

    bound: float
    prices: Floats
    mixture: tuple[tuple[float, Floats], ...]


@dataclass
class _Cuts:
    """What is known of the dual: D(p) ≥ value + slope · (p - point), in units of ``scale`` and ``upper``."""

    upper: Floats
    scale: float
    points: list[Floats] = field(default_factory=list)
    slopes: list[Floats] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def add(self, point: Floats, value: float, slope: Floats) -> None:
        self.points.append(point / self.upper)
        self.slopes.append(slope * self.upper / self.scale)
        self.values.append(value / self.scale)

    def lowest(self) -> tuple[Floats, float, Floats]:
        """The lowest point of the cuts, their height there, and the weight of each cut (SciPy's linprog)."""
        from scipy.optimize import linprog

        slopes, points, values = numpy.array(self.slopes), numpy.array(self.points), numpy.array(self.values)
        limits = len(self.upper)
        result = linprog(
            numpy.append(numpy.zeros(limits), 1.0),
            A_ub=numpy.column_stack([slopes, -numpy.ones(len(values))]),
            b_ub=(slopes * points).sum(axis=1) - values,
            bounds=[(0.0, 1.0)] * limits + [(0.0, None)],
            method="highs-ds",
        )
        return result.x[:limits] * self.upper, float(result.fun) * self.scale, -result.ineqlin.marginals


def evaluate(problem: AllocationProblem, prices: Floats) -> tuple[float, Integers, Floats]:
    """The dual at some prices: its value (an upper bound of the optimum), what customers choose, and its slope."""
    gains, choice = problem.best_at(prices @ problem.rows)
    slope = problem.limits - problem.rows @ problem.counts(choice)
    return float(gains.sum() + prices @ problem.limits), choice, slope


def price(problem: AllocationProblem) -> Priced:
    """Prices whose bound is the lowest, to :data:`TOLERANCE`; the problem must have a limit and something to gain."""
    cuts = _Cuts(_highest(problem), scale=1.0)
    best, best_value = numpy.zeros(len(problem.limits)), numpy.inf
    query = best
    for _ in range(EVALUATIONS):
        value, _, slope = evaluate(problem, query)
        if not cuts.points:
            cuts.scale = value
        cuts.add(query, value, slope)
        if value < best_value:
            best, best_value = query, value
        lowest, floor, weights = cuts.lowest()
        if best_value - floor <= TOLERANCE * best_value:
            break
        query = best + TOWARDS_MASTER * (lowest - best)
    kept = [(float(w), p * cuts.upper) for w, p in zip(weights, cuts.points, strict=True) if w > NEGLIGIBLE]
    whole = sum(weight for weight, _ in kept)
    return Priced(best_value, best, tuple((weight / whole, point) for weight, point in kept))


def _highest(problem: AllocationProblem) -> Floats:
    """Prices from which a limit is not used at all: float [limits], above 0."""
    most = numpy.where(numpy.isfinite(problem.gain), problem.gain, 0.0).max(axis=1)
    ratios = numpy.divide(most, problem.rows, out=numpy.zeros_like(problem.rows), where=problem.rows > 0)
    highest: Floats = numpy.maximum(ratios.max(axis=1), numpy.finfo(float).tiny)
    return highest
