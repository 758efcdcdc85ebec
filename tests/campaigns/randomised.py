"""Randomised campaigns of simulated customers with known effects."""

import numpy
import pandas

Array = numpy.ndarray


def campaign(
    customers: int, seed: int, strength: float = 1.0, chance: float = 0.5
) -> tuple[pandas.DataFrame, Array, Array, Array]:
    """Simulated customers: features, treated, churned, true effect. Those of plan a are kept, those of plan c with many
    calls are driven away, and risk depends on something else."""
    generator = numpy.random.default_rng(seed)
    plan, calls = generator.choice(list("abc"), customers), generator.normal(size=customers)
    risk = 1.0 / (1.0 + numpy.exp(1.0 - generator.normal(size=customers)))
    features = pandas.DataFrame({"plan": plan, "calls": calls, "risk": risk})
    features.loc[generator.random(customers) < 0.02, ["plan", "calls"]] = None
    effect = strength * numpy.select([plan == "a", (plan == "c") & (calls > 0)], [0.6 * risk, -0.5 * (1 - risk)], 0.0)
    treated = (generator.random(customers) < chance).astype(int)
    churned = (generator.random(customers) < risk - treated * effect).astype(int)
    return features, treated, churned, effect
