"""What a model server counts: calls by protocol and status, rows of a batch, and the one model that is served."""

import pytest

from churn_serving.backend.metrics import BackendMetrics

MODEL = {"name": "churn", "version": "1", "digest": "sha256:1"}
OTHER = {"name": "churn", "version": "2", "digest": "sha256:2"}


@pytest.fixture
def metrics() -> BackendMetrics:
    return BackendMetrics()


def value(metrics: BackendMetrics, sample: str, /, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(sample, labels)


def test_only_the_model_that_is_served_is_shown(metrics: BackendMetrics) -> None:
    assert [value(metrics, "churn_model_server_loads_total", outcome=each) for each in ("served", "refused")] == [0, 0]
    metrics.served(*MODEL.values())
    assert value(metrics, "churn_model_info", **MODEL) == 1
    metrics.served(*OTHER.values())
    assert value(metrics, "churn_model_info", **MODEL) is None
    assert value(metrics, "churn_model_info", **OTHER) == 1
    metrics.refused()
    assert value(metrics, "churn_model_info", **OTHER) == 1
    metrics.withdrawn()
    assert value(metrics, "churn_model_info", **OTHER) is None
    counted = [
        value(metrics, "churn_model_server_loads_total", outcome=each) for each in ("served", "refused", "withdrawn")
    ]
    assert counted == [2, 1, 1]


def test_calls_are_counted_and_timed_by_protocol(metrics: BackendMetrics) -> None:
    for protocol, code, seconds in (
        ("http", "200", 0.5),
        ("http", "200", 0.25),
        ("http", "400", 1.0),
        ("grpc", "OK", 2.0),
    ):
        metrics.answered(protocol, code, seconds)
    assert value(metrics, "churn_model_server_requests_total", protocol="http", code="200") == 2
    assert value(metrics, "churn_model_server_requests_total", protocol="http", code="400") == 1
    assert value(metrics, "churn_model_server_requests_total", protocol="grpc", code="OK") == 1
    sums = {each: value(metrics, "churn_model_server_request_seconds_sum", protocol=each) for each in ("http", "grpc")}
    assert sums == {"http": 1.75, "grpc": 2.0}


def test_rows_of_a_batch_are_told_by_powers_of_two(metrics: BackendMetrics) -> None:
    for rows in (1, 2, 3, 64, 65, 256, 257):
        metrics.observe_batch(rows)
    buckets = {
        sample.labels["le"]: sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == "churn_model_server_batch_rows_bucket"
    }
    assert buckets == {
        "1.0": 1, "2.0": 2, "4.0": 3, "8.0": 3, "16.0": 3, "32.0": 3, "64.0": 4, "128.0": 5, "256.0": 6, "+Inf": 7,
    }  # fmt: skip
