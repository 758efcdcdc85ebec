"""Scores by the Open Inference Protocol, as a plan: what a model takes is asked once, and again where it has changed.

For callers who want probabilities alone, or who may be moved to another server of the protocol. It touches no socket.
"""

import math
from collections.abc import Mapping, Sequence
from urllib.parse import quote

import msgspec

from churn_client.answers import Features, InferReply, Model, Scores, Tensors
from churn_client.batches import FINITE
from churn_client.errors import FieldError, InvalidAnswer, InvalidRequest, NotFound, Problem
from churn_client.exchange import Caller, Plan, ask, read

_MODEL = "/v1/model"
_PROBABILITY, _SEGMENT = "churn_probability", "segment"
_INVALID = 400


class KnownTensors:
    """What is known of the model that is served; nothing at first."""

    def __init__(self) -> None:
        self.tensors: Tensors | None = None


def score(caller: Caller, known: KnownTensors, rows: Sequence[Features]) -> Plan[Scores]:
    """Ask about rows, each with every feature of the model by name; None for one that is not known."""
    for is_last in (False, True):
        tensors = known.tensors or (yield from _ask_tensors(caller))
        was_known, known.tensors = known.tensors is not None, tensors
        try:
            body = _body(tensors, rows)
            reply = yield from ask(caller, "POST", f"/v2/models/{quote(tensors.name, safe='')}/infer", body)
        except (InvalidRequest, NotFound):
            known.tensors = None  # another model may have been promoted since
            if is_last or not was_known:
                raise
        else:
            return _scores(read(reply, InferReply), len(rows))
    raise AssertionError  # pragma: no cover - the last round raises or returns


def _ask_tensors(caller: Caller) -> Plan[Tensors]:
    model = read((yield from ask(caller, "GET", _MODEL)), Model)
    return read((yield from ask(caller, "GET", f"/v2/models/{quote(model.name, safe='')}")), Tensors)


def _body(tensors: Tensors, rows: Sequence[Features]) -> bytes:
    names = {tensor.name for tensor in tensors.inputs}
    faults = [fault for place, row in enumerate(rows) for fault in _faults(f"rows[{place}]", row, names)]
    if faults or not rows:
        raise InvalidRequest(_INVALID, Problem("urn:churn-client:invalid", "Not sent", _INVALID, errors=tuple(faults)))
    inputs = [
        {"name": each.name, "datatype": each.datatype, "shape": [len(rows)], "data": [row[each.name] for row in rows]}
        for each in tensors.inputs
    ]
    try:
        return msgspec.json.encode({"inputs": inputs})
    except (TypeError, ValueError, UnicodeEncodeError, RecursionError):
        problem = Problem("urn:churn-client:invalid", "Not sent", _INVALID, "Values are texts, numbers or None.")
        raise InvalidRequest(_INVALID, problem) from None


def _faults(place: str, row: Features, names: set[str]) -> list[FieldError]:
    """Every feature that is missing, that the model does not know, or that JSON would make an unknown one."""
    return [
        *(FieldError(f"{place}.{name}", "missing; None if it is not known") for name in sorted(names - row.keys())),
        *(FieldError(f"{place}.{name}", "unknown feature") for name in sorted(row.keys() - names)),
        *(
            FieldError(f"{place}.{name}", FINITE)
            for name, value in row.items()
            if isinstance(value, float) and math.isinf(value)
        ),
    ]


def _scores(reply: InferReply, rows: int) -> Scores:
    outputs: Mapping[str, tuple[float, ...]] = {output.name: output.data for output in reply.outputs}
    probabilities, segments = outputs.get(_PROBABILITY, ()), outputs.get(_SEGMENT, ())
    if len(probabilities) != rows or len(segments) != rows:
        raise InvalidAnswer("the answer has another number of rows than were asked about")
    told = {name: str(reply.parameters.get(name, "")) for name in ("digest", "served_by")}
    return Scores(
        reply.model_name,
        reply.model_version,
        told["digest"],
        told["served_by"],
        tuple(probabilities),
        tuple(int(segment) for segment in segments),
    )
