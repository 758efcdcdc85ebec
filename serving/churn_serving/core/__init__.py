"""The decision path: which backend scores, what happens when it cannot, and what is done for the customer.

Standard library and ``churn_model`` only: no web framework, no HTTP or gRPC client, no clock or randomness that a test
cannot hand in. Everything a protocol must say is in ``errors``; everything a vendor must do is behind ``ports``.
"""
