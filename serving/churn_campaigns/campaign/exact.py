"""Solves small allocation problems to proven optimality by branch and bound (HiGHS through SciPy).

It must not be given large ones: its time may grow without limit, which the number of nodes bounds.
"""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy

from churn_campaigns.campaign.problem import NOTHING, AllocationProblem, Integers

# HiGHS allows an error of 1e-6 in objective and rows, whatever their size: so they are made larger.
SCALE = 1e3


class Solved(NamedTuple):
    """``choice`` is None where the search ended before it found one; ``bound`` is an upper bound of the optimum."""

    choice: Integers | None
    bound: float


def solve(problem: AllocationProblem, nodes: int) -> Solved:
    """The best choice that branch and bound finds within so many nodes, and the bound that it has proven."""
    action, customer = numpy.nonzero(problem.gain > 0)
    if not len(action):
        return Solved(numpy.full(problem.customers, NOTHING), 0.0)
    largest = float(problem.gain[action, customer].max())
    result = _branch_and_bound(problem, action, customer, largest, nodes)
    bound = numpy.inf if result.mip_dual_bound is None else -result.mip_dual_bound / SCALE * largest
    if result.x is None:
        return Solved(None, bound)
    choice = numpy.full(problem.customers, NOTHING)
    taken = result.x > 0.5  # noqa: PLR2004 - whole numbers up to HiGHS's tolerance
    choice[customer[taken]] = action[taken]
    return Solved(choice if problem.feasible(choice) else None, bound)


def _branch_and_bound(
    problem: AllocationProblem, action: Integers, customer: Integers, largest: float, nodes: int
) -> Any:
    """SciPy's answer for the possible pairs of action and customer, all as shares of the largest gain and of limits."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array, vstack

    pairs = len(action)
    once = csr_array((numpy.ones(pairs), (customer, numpy.arange(pairs))), shape=(problem.customers, pairs))
    uses = csr_array(problem.rows[:, action] / problem.limits[:, None] * SCALE)
    limits = numpy.concatenate([numpy.ones(problem.customers), numpy.full(len(problem.limits), SCALE)])
    with _quiet():
        return milp(
            -problem.gain[action, customer] / largest * SCALE,
            integrality=numpy.ones(pairs),
            bounds=Bounds(0, 1),
            constraints=LinearConstraint(vstack([once, uses]), -numpy.inf, limits),
            options={"mip_rel_gap": 0.0, "node_limit": nodes},
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps HiGHS from the standard output: it prints a line for itself there whenever it repairs a solution, with all
    its output switched off, and `--json` must be able to trust the stream."""
    sys.stdout.flush()
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        ctypes.CDLL(None).fflush(None)
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
