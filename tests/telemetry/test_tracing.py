"""Whose request it is: what is believed of it, what goes on, and what a log may hold."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn_serving.telemetry.tracing import REQUEST_IDS, Trace, headers_of, in_words, read_trace

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01"


@pytest.mark.parametrize(
    "parent", [PARENT, f" {PARENT}\t", f"cc-{TRACE}-{SPAN}-01", f"01-{TRACE}-{SPAN}-00-more.to-come"]
)
def test_a_trace_is_read(parent: str) -> None:
    assert read_trace([parent.encode()], []) == Trace(parent.strip())


@pytest.mark.parametrize(
    "parents",
    [
        [],
        [""],
        [PARENT, PARENT],
        [f"ff-{TRACE}-{SPAN}-01"],
        [f"00-{'0' * 32}-{SPAN}-01"],
        [f"00-{TRACE}-{'0' * 16}-01"],
        [f"00-{TRACE}-{SPAN}"],
        [f"{PARENT}-more"],
        [f"{PARENT}\n"],
        [f"{PARENT}1"],
        [PARENT.upper()],
        [f"01-{TRACE}-{SPAN}-01more"],
        [f"01-{TRACE}-{SPAN}-01-{'a' * 65}"],
        [f"01-{TRACE}-{SPAN}-01-a\r\nx: y"],
    ],
)
def test_what_is_no_trace_is_dropped(parents: list[str]) -> None:
    assert read_trace([parent.encode() for parent in parents], [b"a=1"]) is None


@pytest.mark.parametrize(
    ("states", "read"),
    [
        (["rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"], "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
        (["a=1 , b@c=x y", "", "d/e*f-g_h=!"], "a=1,b@c=x y,d/e*f-g_h=!"),
        ([",".join(f"a{number}=1" for number in range(32))], ",".join(f"a{number}=1" for number in range(32))),
        ([",".join(f"a{number}=1" for number in range(33))], ""),
        (["a=" + "b" * 256 + ",c=" + "d" * 251], "a=" + "b" * 256 + ",c=" + "d" * 251),
        (["a=" + "b" * 256 + ",c=" + "d" * 252], ""),
        (["a=" + "b" * 257], ""),
        (["A=1"], ""),
        (["a=1,b"], ""),
        (["a=1=2"], ""),
        (["a="], ""),
        (["a=\x01"], ""),
        (["a=1\r\nx: y"], ""),
        (["a=\xe9"], ""),
    ],
)
def test_a_state_goes_on_if_it_is_well_formed(states: list[str], read: str) -> None:
    assert read_trace([PARENT.encode()], [state.encode() for state in states]) == Trace(PARENT, read)


@given(st.lists(st.binary(max_size=80), max_size=2), st.lists(st.binary(max_size=600), max_size=3))
def test_whatever_comes_nothing_breaks_a_header(parents: list[bytes], states: list[bytes]) -> None:
    for parent in (parents, [PARENT.encode()]):
        trace = read_trace(parent, states)
        if trace is not None:
            assert trace.parent.isascii()
            assert trace.parent.isprintable()
            assert len(trace.parent) <= 120
            assert not trace.state or (trace.state.isascii() and trace.state.isprintable() and len(trace.state) <= 512)


def request(number: int, trace: Trace | None = None) -> Any:
    return SimpleNamespace(request_id=f"id-{number}", trace=trace)


def test_a_call_names_its_requests_and_the_first_trace() -> None:
    first, second = Trace(PARENT), Trace(PARENT.replace(SPAN, "00000000000000ff"), "a=1")
    assert headers_of([request(1)]) == {"x-request-id": "id-1"}
    assert headers_of([request(1), request(2, second), request(3, first)]) == {
        "x-request-id": "id-1,id-2,id-3",
        "traceparent": second.parent,
        "tracestate": "a=1",
    }
    assert headers_of([request(1, first), request(2, second)]) == {"x-request-id": "id-1,id-2", "traceparent": PARENT}


@pytest.mark.parametrize(("count", "more"), [(8, ""), (9, ",+1"), (256, ",+248")])
def test_of_many_requests_some_are_named_and_all_are_counted(count: int, more: str) -> None:
    ids = headers_of([request(number) for number in range(count)])["x-request-id"]
    assert ids == ",".join(f"id-{number}" for number in range(8)) + more
    assert REQUEST_IDS.fullmatch(ids.encode())


@given(st.lists(st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True), min_size=1, max_size=300))
def test_what_a_gateway_writes_a_backend_reads(ids: list[str]) -> None:
    said = headers_of([SimpleNamespace(request_id=one, trace=None) for one in ids])["x-request-id"]
    assert len(said) < 600
    assert in_words([(b"x-request-id", said.encode())]) == f"request {said}"


def test_a_log_says_ids_and_trace_and_nothing_forged() -> None:
    headers = [(b"host", b"x"), (b"x-request-id", b"a,b,+3"), (b"traceparent", PARENT.encode())]
    assert in_words(headers) == f"request a,b,+3, trace {TRACE}"
    for forged in (b"a b", b"a\nb", b",a", b"+3", b"a" * 65, b",".join([b"a"] * 9)):
        assert in_words([(b"x-request-id", forged), (b"traceparent", b"none")]) == "a request without id"
