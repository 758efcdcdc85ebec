"""What frameworks log of a refused request: one line that says what kind of error it was, nothing of the request."""

import logging

import pytest

from churn_serving.backend.process import without_traceback


def test_a_refused_request_is_one_line_and_is_not_quoted(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("a framework's")
    logger.addFilter(without_traceback)
    error = ValueError("X\nFAKE log line")
    error.__cause__ = KeyError("customer's value")
    try:
        logger.error("Exception:", exc_info=error)
        logger.warning("model %s", "X\nFAKE log line")
    finally:
        logger.removeFilter(without_traceback)
    refused, injected = (logging.Formatter().format(record) for record in caplog.records)
    assert refused == "Exception: ValueError"
    assert injected == "model X\\nFAKE log line"
