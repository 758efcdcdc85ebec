"""A hostile caller: one process that plays one attack on 127.0.0.1 for a bounded time. It knows wires, not servers."""
