"""A gRPC request is read as it was sent, unless it has more parts than any sound one; then the rest is left out."""

from hypothesis import given
from hypothesis import strategies as st

from churn_serving.oip.grpc_codec import encode_request
from churn_serving.oip.grpc_parts import MAX_PARTS, read_infer_request
from churn_serving.oip.open_inference_grpc_pb2 import ModelInferRequest
from tests.backends.packages import SCHEMA, customers

EMPTY_INPUT, EMPTY_OUTPUT, EMPTY_CONTENT = b"\x2a\x00", b"\x32\x00", b"\x3a\x00"


def test_large_sound_requests_are_read_whole() -> None:
    for raw in (False, True):
        for rows in (1, 10_000):
            message = encode_request(customers(rows), SCHEMA, "id", raw=raw)
            message.parameters["more"].int64_param = -1
            assert read_infer_request(message.SerializeToString()) == message


@given(st.binary(max_size=60), st.sampled_from([0, 40_000]))
def test_whatever_the_bytes_are_the_parser_has_the_last_word(junk: bytes, padding: int) -> None:
    """The padding makes the message a large one; it has few parts, so nothing is left out."""
    message = b"\x1a\x80\xf1\x04" + b"x" * 80_000 + junk if padding else junk
    try:
        expected = ModelInferRequest.FromString(message)
    except Exception as error:
        try:
            read_infer_request(message)
        except type(error):
            return
        raise
    assert read_infer_request(message) == expected


def test_parts_without_end_are_left_out() -> None:
    named = ModelInferRequest(model_name="m", id="i").SerializeToString()
    for part, field in ((EMPTY_INPUT, "inputs"), (EMPTY_OUTPUT, "outputs"), (EMPTY_CONTENT, "raw_input_contents")):
        read = read_infer_request(named + part * 1_000_000)
        assert (read.model_name, read.id) == ("m", "i")
        assert len(getattr(read, field)) == MAX_PARTS - 2
