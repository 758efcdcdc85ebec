"""What the benchmark and the fault drills share. Only `tests/load` imports it."""
