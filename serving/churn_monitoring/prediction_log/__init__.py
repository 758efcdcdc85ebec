"""The prediction log: segments become Parquet, exactly once; old partitions go, and so do customers who ask for it."""
