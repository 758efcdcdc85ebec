"""Makes the rows whose answers a package carries: varied, and nobody's.

Each value is drawn from its own column, independent of the others, so no row is a customer's.
"""

import numpy

from churn_data.dataset import Dataset
from churn_model.schema import Row, Schema, SchemaFeature

DRAWN = 16
UNSEEN = "a level nobody had"


def golden_rows(dataset: Dataset, schema: Schema, seed: int) -> list[Row]:
    """About 20 rows: drawn ones, the smallest and the largest numbers, everything missing, an unseen category."""
    generator = numpy.random.default_rng(seed)
    columns = [_column(dataset, feature, generator) for feature in schema.features]
    return list(zip(*columns, strict=True))


def _column(dataset: Dataset, feature: SchemaFeature, generator: numpy.random.Generator) -> list[float | str | None]:
    known = dataset.frame[feature.name].dropna().to_numpy()
    drawn = generator.choice(known, DRAWN).tolist()
    if feature.type == "number":
        # Quantiles, not the extremes themselves: the largest bill of all may be one known person's.
        low, middle, high = numpy.quantile(known, [0.01, 0.5, 0.99]).tolist()
        return [*drawn, low, high, float("nan"), middle]
    levels = sorted(set(known))
    return [*drawn, levels[0], levels[-1], None, UNSEEN]
