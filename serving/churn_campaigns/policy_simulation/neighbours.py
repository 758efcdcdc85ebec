"""A second family of worlds, built differently: customers respond as whom they resemble most, behind thresholds.

How much is believed of the learner's models was settled with a look at worlds of both families, on seeds that are not
reported. Log-odds, shapes and signals of the first family do not occur here: a few dozen imagined
customers are drawn anew in every world, each with a churn, and acceptance and disturbance by action, of its own; a
customer has those of the nearest, and acceptance drops to nearly nothing on the wrong side of a threshold. What
customers are worth has a heavy tail. It must not know policies.
"""

import numpy
import pandas
from scipy.spatial import cKDTree

PROTOTYPES = 40
CHURN = (1.2, 3.4)  # beta distribution of the imagined customers' churn, mean 0.26
ACCEPTANCE = ((1.6, 3.2), (0.9, 5.1), (0.8, 4.2))  # by action, means 0.33, 0.15, 0.16
DISTURBANCE = ((0.5, 9.5), (0.4, 19.6), (0.5, 16.0))  # by action, means 0.05, 0.02, 0.03
BARRED = 0.3  # share of customers beyond an action's threshold
LEFT_THERE = 0.1  # of the acceptance
TAIL = 2.5  # Pareto's exponent of what customers pay, times their bill

Array = numpy.ndarray


def respond(features: pandas.DataFrame, imagined: pandas.DataFrame, seed: int) -> tuple[Array, Array, Array]:
    """Churn (float [customers]), acceptance and disturbance (float [customers, actions]) of a world.

    Args:
        features: of the customers.
        imagined: of :data:`PROTOTYPES` customers whom they may resemble.
        seed: of the world; all customers of one world need the same, and the same imagined ones.
    """
    generator = numpy.random.default_rng([seed, 23])
    both = _numbers(pandas.concat([imagined, features], ignore_index=True))
    places, known = both[: len(imagined)], both[len(imagined) :]
    nearest = cKDTree(places).query(known)[1]
    churn = generator.beta(*CHURN, PROTOTYPES)[nearest]
    accept = numpy.column_stack([generator.beta(*shape, PROTOTYPES)[nearest] for shape in ACCEPTANCE])
    disturb = numpy.column_stack([generator.beta(*shape, PROTOTYPES)[nearest] for shape in DISTURBANCE])
    for action in range(len(ACCEPTANCE)):
        column = known[:, generator.integers(known.shape[1])]
        direction = generator.choice([-1.0, 1.0])
        barred = direction * column > numpy.quantile(direction * column, 1.0 - BARRED)
        accept[barred, action] *= LEFT_THERE
    return churn, accept, disturb


def heavy_tailed(bill: Array, seed: int) -> Array:
    """Bills of which a few are very large, with the mean they had: float [customers]."""
    drawn = 1.0 + numpy.random.default_rng([seed, 29]).pareto(TAIL, len(bill))
    return numpy.asarray(bill * drawn * (TAIL - 1.0) / TAIL)


def _numbers(features: pandas.DataFrame) -> Array:
    """Every column by its rank or level, 0 to 1: no column outweighs another."""
    columns = [
        column.rank(pct=True).fillna(0.5) if pandas.api.types.is_numeric_dtype(column) else _levels(column)
        for _, column in features.items()
    ]
    return numpy.column_stack(columns)


def _levels(column: pandas.Series) -> Array:
    codes, levels = pandas.factorize(column.astype(str), sort=True)
    return numpy.asarray(codes / max(1, len(levels) - 1))
