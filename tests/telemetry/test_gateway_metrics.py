"""What a scraper reads of a gateway: bounded labels, honest histograms, examples of slow requests, nothing hidden."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.exposition import choose_encoder

from churn_serving.core.errors import BackendError
from churn_serving.telemetry import names
from churn_serving.telemetry.metrics import GatewayMetrics, ServedModel
from churn_serving.telemetry.process_metrics import ProcessMetrics
from churn_serving.telemetry.score_histogram import ScoreHistogram
from churn_serving.telemetry.tracing import Trace

TRACE = "0af7651916cd43dd8448eb211c80319c"


def samples(metrics: GatewayMetrics, name: str) -> list[Any]:
    return [one for family in metrics.registry.collect() for one in family.samples if one.name == name]


def test_series_of_models_stay_bounded_however_many_come() -> None:
    metrics = GatewayMetrics()
    for number in range(40):
        metrics.answered("/v1/predictions", "primary", str(number), 200, 0.001)
        metrics.answered("/v1/predictions", "none", "", 422, 0.001)
        metrics.backend_called("primary", 1, 0.001, "answered", f"sha256:{number}")
        metrics.scored("churn", f"sha256:{number}", "primary", [0.5])
        metrics.recommended("churn", f"sha256:{number}", [("1", "new", "call")])
        metrics.model_served("primary", ServedModel("churn", str(number), f"sha256:{number}", 1.0))
    kept = [str(number) for number in range(40 - names.MAXIMUM_MODELS, 40)]
    assert [
        one.labels["model_version"] for one in samples(metrics, names.REQUESTS) if one.labels["code"] == "200"
    ] == kept
    refused = [one.value for one in samples(metrics, names.REQUESTS) if one.labels["code"] == "422"]
    assert refused == [40]  # what no model answered belongs to none and never goes
    digests = [f"sha256:{number}" for number in kept]
    assert [one.labels["digest"] for one in samples(metrics, names.BACKEND_CALLS)] == digests
    assert [one.labels["digest"] for one in samples(metrics, f"{names.SCORES}_count")] == digests
    assert [one.labels["digest"] for one in samples(metrics, names.RECOMMENDATIONS)] == digests
    for info in (names.MODEL_INFO, names.MODEL_CREATED):
        assert [one.labels["digest"] for one in samples(metrics, info)] == digests[-1:]


@given(st.lists(st.floats(0, 1) | st.sampled_from(names.SCORE_BUCKETS), max_size=50))
def test_scores_are_counted_as_the_library_would(values: list[float]) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    scores = ScoreHistogram("s", "words", ("model",), names.SCORE_BUCKETS, 0, 2)
    ours.register(scores)
    histogram = Histogram("s", "words", ("model",), buckets=names.SCORE_BUCKETS, registry=theirs).labels("a")
    scores.observe(("a",), values)
    for value in values:
        histogram.observe(value)

    def told(registry: CollectorRegistry) -> dict[str, float]:
        lines = generate_latest(registry).decode().splitlines()
        return {
            name: float(value)
            for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")
            if "_created" not in name
        }

    assert told(ours) == pytest.approx(told(theirs), rel=1e-12)


def test_every_bound_of_the_latency_objectives_is_a_bound_of_the_histogram() -> None:
    metrics = GatewayMetrics()
    metrics.answered("/v1/predictions", "primary", "1", 200, 0.025)
    buckets = {one.labels["le"]: one.value for one in samples(metrics, f"{names.REQUEST_SECONDS}_bucket")}
    assert {"0.025", "0.1"} <= set(buckets)
    assert (buckets["0.015"], buckets["0.025"]) == (0, 1)


def test_recommendations_are_counted_by_segment_and_action() -> None:
    metrics = GatewayMetrics()
    metrics.recommended("churn", "sha256:1", [("1", "new", "call"), ("2", "loyal", "none"), ("1", "new", "call")])
    metrics.recommended("churn", "sha256:1", [("1", "new", "none")])
    counted = {
        (one.labels["segment"], one.labels["segment_name"], one.labels["action"]): one.value
        for one in samples(metrics, names.RECOMMENDATIONS)
    }
    assert counted == {("1", "new", "call"): 2, ("2", "loyal", "none"): 1, ("1", "new", "none"): 1}


def test_every_process_shows_what_it_takes_of_the_machine() -> None:
    metrics = ProcessMetrics("gateway")
    shown = {one.name: one.value for family in metrics.registry.collect() for one in family.samples}
    for name in (names.PROCESS_CPU_SECONDS, names.PROCESS_MEMORY, names.PROCESS_START, names.PROCESS_OPEN_FILES):
        assert shown[name] > 0
    assert shown[names.PROCESS_MAXIMUM_FILES] >= shown[names.PROCESS_OPEN_FILES]


@pytest.mark.parametrize(("flags", "kept"), [("01", True), ("03", True), ("00", False), ("02", False)])
def test_a_trace_that_is_kept_becomes_an_example_of_its_latency(flags: str, *, kept: bool) -> None:
    metrics = GatewayMetrics()
    trace = Trace(f"00-{TRACE}-b7ad6b7169203331-{flags}")
    metrics.answered("/v1/predictions", "primary", "1", 200, 0.004, trace)
    encode, _ = choose_encoder("application/openmetrics-text; version=1.0.0")
    text = encode(metrics.registry).decode()
    examples = [line for line in text.splitlines() if " # {" in line]
    assert len(examples) == kept
    assert all('le="0.005"' in line and f' 1.0 # {{trace_id="{TRACE}"}} 0.004' in line for line in examples)


def test_failures_are_there_before_the_first_one_so_that_rates_see_it() -> None:
    metrics = GatewayMetrics()
    metrics.expect_routes(["/v1/predictions"])
    assert {one.labels["code"]: one.value for one in samples(metrics, names.REQUESTS)} == {"500": 0, "503": 0}


def test_openings_of_a_breaker_are_counted_for_those_who_look_too_late() -> None:
    metrics = GatewayMetrics()
    for state in (0, 2, 1, 2, 1, 0):
        metrics.backend_state("primary", state)
    assert [one.value for one in samples(metrics, names.BREAKER_OPENINGS)] == [2]
    assert [one.value for one in samples(metrics, names.BACKEND_STATE)] == [0]


def test_a_model_that_is_not_believed_any_more_is_not_shown() -> None:
    metrics = GatewayMetrics()
    metrics.model_served("primary", ServedModel("churn", "1", "sha256:1"))
    metrics.model_forgotten("primary")
    metrics.model_forgotten("primary")
    assert not samples(metrics, names.MODEL_INFO) + samples(metrics, names.MODEL_CREATED)


def test_each_way_to_end_badly_has_an_outcome_of_its_own() -> None:
    kinds = BackendError.__subclasses__()
    outcomes = [kind.reason for kind in kinds]
    assert len(kinds) >= 9
    assert len({*outcomes, BackendError.reason, "answered"}) == len(outcomes) + 2
