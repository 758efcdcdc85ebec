"""What a scraper reads of a gateway: bounded labels, honest histograms, examples of slow requests, nothing hidden."""

import os
import time
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import choose_encoder

from churn_serving.core.errors import BackendError
from churn_serving.gateway.answers import SegmentName
from churn_serving.telemetry import names
from churn_serving.telemetry.metrics import GatewayMetrics, ServedModel
from churn_serving.telemetry.plain_numbers import PlainCounter, PlainHistogram
from churn_serving.telemetry.process_metrics import ProcessMetrics
from churn_serving.telemetry.request_log import RequestLog
from churn_serving.telemetry.shadow_metrics import ShadowMetrics
from churn_serving.telemetry.tracing import Trace
from churn_serving.telemetry.witness import AnswerWitness

TRACE = "0af7651916cd43dd8448eb211c80319c"


def samples(metrics: GatewayMetrics, name: str) -> list[Any]:
    return [one for family in metrics.registry.collect() for one in family.samples if one.name == name]


def recommended(segment: int, name: str, action: str) -> Any:
    return SimpleNamespace(segment=SegmentName(segment, name), action=SimpleNamespace(id=action))


def test_series_of_models_stay_bounded_however_many_come() -> None:
    metrics = GatewayMetrics()
    for number in range(40):
        metrics.answered("/v1/predictions", "primary", str(number), 200, 0.001)
        metrics.answered("/v1/predictions", "none", "", 422, 0.001)
        metrics.backend_called("primary", 1, 0.001, "answered", f"sha256:{number}")
        metrics.scored("churn", f"sha256:{number}", "primary", [0.5])
        metrics.recommended("churn", f"sha256:{number}", [recommended(1, "new", "call")])
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


async def test_an_answer_that_is_counted_at_once_is_counted_as_its_parts_are() -> None:
    at_once, apart = GatewayMetrics(), GatewayMetrics()
    witness = AnswerWitness(at_once.tallies, RequestLog(os.open(os.devnull, os.O_WRONLY), at_once.log_dropped))
    kept = Trace(f"00-{TRACE}-b7ad6b7169203331-01")
    told = [recommended(1, "new", "call"), recommended(2, "loyal", "none")]
    for number in [*range(40), 0, 39]:  # the first one's series have gone and come back
        model = SimpleNamespace(name="churn", version=str(number), digest=f"sha256:{number}")
        for code, trace in ((200, None), (200, kept), (499, None)):
            request = SimpleNamespace(route="/v1/predictions", trace=trace, recommended=told, caller="crm", rows=2)
            request.request_id, request.started = "r", time.perf_counter()
            seconds = witness.answered(request, code, "primary", [0.05, 0.7], model)
            apart.answered("/v1/predictions", "primary", model.version, code, seconds, trace)
            apart.scored("churn", model.digest, "primary", [0.05, 0.7])
            apart.recommended("churn", model.digest, told)
        if number == 20:  # what others count makes series go, too
            for metrics in (at_once, apart):
                for other in range(100, 100 + names.MAXIMUM_MODELS):
                    metrics.scored("churn", f"sha256:{other}", "primary", [0.5])
                    metrics.answered("/v1/predictions", "primary", str(other), 200, 0.004)
                    metrics.recommended("churn", f"sha256:{other}", told)
    for name in (names.REQUESTS, f"{names.REQUEST_SECONDS}_bucket", f"{names.REQUEST_SECONDS}_sum",
                 f"{names.SCORES}_bucket", f"{names.SCORES}_sum", names.RECOMMENDATIONS):  # fmt: skip
        found, expected = ({str(one.labels): one.value for one in samples(each, name)} for each in (at_once, apart))
        assert found == pytest.approx(expected)


async def test_the_model_of_the_last_answer_is_counted_anew_when_its_series_have_gone() -> None:
    metrics = GatewayMetrics()
    witness = AnswerWitness(metrics.tallies, RequestLog(os.open(os.devnull, os.O_WRONLY), metrics.log_dropped))
    model = SimpleNamespace(name="churn", version="1", digest="sha256:1")
    request = SimpleNamespace(route="/v1/predictions", trace=None, recommended=[recommended(1, "new", "call")])
    request.started, request.caller, request.rows, request.request_id = time.perf_counter(), "crm", 1, "r"
    for _ in range(2):
        witness.answered(request, 200, "primary", [0.5], model)
    for number in range(names.MAXIMUM_MODELS):  # whose series take the place of the first model's
        metrics.scored("churn", f"sha256:other {number}", "primary", [0.5])
    witness.answered(request, 200, "primary", [0.5], model)
    shown = (
        {one.labels["digest"]: one.value for one in samples(metrics, name)}["sha256:1"]
        for name in (f"{names.SCORES}_count", names.RECOMMENDATIONS)
    )
    assert [*shown] == [1, 3]


@given(values=st.lists(st.floats(0, 1) | st.sampled_from(names.SCORE_BUCKETS), max_size=50), together=st.booleans())
def test_plain_numbers_are_told_as_the_library_tells_its_own(values: list[float], *, together: bool) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    counter, plain = PlainCounter("c_total", "words", ("model",)), PlainHistogram("s", "w", ("m",), names.SCORE_BUCKETS)
    ours.register(counter)
    ours.register(plain)
    counted = Counter("c_total", "words", ("model",), registry=theirs).labels("a")
    histogram = Histogram("s", "w", ("m",), buckets=names.SCORE_BUCKETS, registry=theirs).labels("a")
    count, distribution = counter.child(("a",)), plain.child(("a",))
    if together:
        distribution.observe_all(values)
    for number, value in enumerate(values):
        count.value += 1
        counted.inc()
        trace = Trace(f"00-{number + 1:032x}-b7ad6b7169203331-01")
        histogram.observe(value, {"trace_id": trace.id} if number % 2 and not together else None)
        if not together:
            (distribution.observe_traced(value, trace) if number % 2 else distribution.observe(value))

    def told(registry: CollectorRegistry, media_type: str) -> dict[str, tuple[float, str]]:
        encode, _ = choose_encoder(media_type)
        lines = (line.partition(" # ") for line in encode(registry).decode().splitlines() if line[0] != "#")
        series = ((*said.rsplit(" ", 1), example.rsplit(" ", 1)[0]) for said, _, example in lines)
        return {name: (float(value), example) for name, value, example in series if "_created" not in name}

    for media_type in ("text/plain; version=0.0.4", "application/openmetrics-text; version=1.0.0"):
        mine, library = told(ours, media_type), told(theirs, media_type)
        assert mine.keys() == library.keys()
        assert [one for one, _ in mine.values()] == pytest.approx([one for one, _ in library.values()], rel=1e-12)
        assert [example for _, example in mine.values()] == [example for _, example in library.values()]


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=30))
def test_differences_of_two_models_are_counted_as_the_library_would(pairs: list[tuple[float, float]]) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    shadow = ShadowMetrics(ours)
    name, beside = names.SHADOW_DIFFERENCE, {"digest": "sha256:2", "beside": "sha256:1"}
    histogram = Histogram(name, "words", (*beside,), buckets=names.DIFFERENCE_BUCKETS, registry=theirs)
    shadow.shadow_compared("sha256:2", "sha256:1", [one for one, _ in pairs], [other for _, other in pairs])
    for one, other in pairs:
        histogram.labels(**beside).observe(abs(one - other))
    for bound in [*map(str, names.DIFFERENCE_BUCKETS), "+Inf"] if pairs else []:
        labels = {**beside, "le": bound}
        assert ours.get_sample_value(f"{name}_bucket", labels) == theirs.get_sample_value(f"{name}_bucket", labels)
    apart = [ours.get_sample_value(names.SHADOW_SHIFT, {**beside, "direction": way}) for way in ("higher", "lower")]
    higher, lower = (value or 0.0 for value in apart)
    assert higher - lower == pytest.approx(sum(one - other for one, other in pairs), abs=1e-9)
    assert (ours.get_sample_value(f"{name}_sum", beside) or 0.0) == pytest.approx(higher + lower, abs=1e-9)


def test_pairs_of_models_stay_bounded_whichever_of_them_changes() -> None:
    registry = CollectorRegistry()
    shadow = ShadowMetrics(registry)
    for number in range(40):
        shadow.shadow_ended("answered", f"sha256:{number}")
        shadow.shadow_compared("sha256:a", f"sha256:{number}", [0.5], [0.4])
    found = [one for family in registry.collect() for one in family.samples]
    kept = [f"sha256:{number}" for number in range(40 - names.MAXIMUM_MODELS, 40)]
    assert [one.labels["beside"] for one in found if one.name == f"{names.SHADOW_DIFFERENCE}_sum"] == kept
    assert [one.labels["digest"] for one in found if one.name == names.SHADOW_CALLS] == kept


def test_every_bound_of_the_latency_objectives_is_a_bound_of_the_histogram() -> None:
    metrics = GatewayMetrics()
    metrics.answered("/v1/predictions", "primary", "1", 200, 0.025)
    buckets = {one.labels["le"]: one.value for one in samples(metrics, f"{names.REQUEST_SECONDS}_bucket")}
    assert {"0.025", "0.1"} <= set(buckets)
    assert (buckets["0.015"], buckets["0.025"]) == (0, 1)


def test_recommendations_are_counted_by_segment_and_action() -> None:
    metrics = GatewayMetrics()
    new = [recommended(1, "new", "call")]
    metrics.recommended("churn", "sha256:1", [*new, recommended(2, "loyal", "none"), *new])
    metrics.recommended("churn", "sha256:1", [recommended(1, "new", "none")])
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
