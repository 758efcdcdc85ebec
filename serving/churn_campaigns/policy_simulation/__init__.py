"""The promise on simulated customers with known causal effects: what each way to choose whom to contact brings."""
