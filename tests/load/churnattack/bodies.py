"""Attacks by what a whole request says: large, deep, many-keyed, oddly spelt. All by a caller with a key."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from typing import Any

from churnattack.target import Attack, Target
from churnattack.wire import (
    BINARY_TYPE,
    JSON_TYPE,
    Headers,
    customer,
    customers,
    in_turn,
    prediction,
    repeated,
    request,
    tensors,
)

# Just below the two megabytes that a body may have.
LARGE = 1_900_000
UNKNOWN_KEYS = 190_000
ROWS = 10_000
DEPTH = 200_000


def infer(target: Target, document: Any, headers: Headers = (JSON_TYPE,)) -> bytes:
    """A V2 request by a caller with a key."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return request(target.infer, body, headers, key=target.key)


def long_tensor_name(target: Target) -> Iterable[bytes]:
    """A hundred faults, each about a tensor with an endless name."""
    unknown: dict[str, Any] = {f"k{number}": 1 for number in range(100)}
    named = {"name": "n" * LARGE, "shape": [100], "datatype": "FP64", "data": ["x"] * 100, **unknown}
    yield infer(target, {"inputs": [*tensors(target.features, 100), named]})
    yield infer(target, {"inputs": [{**named, "name": "n" * 15_000} for _ in range(100)]})
    yield infer(target, {"inputs": tensors(target.features), "outputs": [{"name": "n" * 18_000}] * 100})
    yield infer(target, {"id": "i" * LARGE, "inputs": tensors(target.features)})


def long_names(target: Target) -> Iterable[bytes]:
    """The same by `/v1/predictions`: names, ids and values that a refusal may show."""
    yield prediction(target, customer(target, {"n" * LARGE: 1}))
    yield prediction(target, {"customers": [{"customer_id": "i" * LARGE, "features": dict(target.features)}]})
    first = next(iter(target.features))
    yield prediction(target, customer(target, {first: "v" * LARGE}))
    yield prediction(target, {"n" * LARGE: []})


def long_text(target: Target) -> Iterable[bytes]:
    """Binary tensors whose text is eight times longer in the JSON that a backend is sent."""
    for text in (b"\x01" * 250_000, b"\x01" * 1_400_000, "\U0001f600".encode() * 350_000, b'"' * 1_400_000):
        yield binary(target, text)


def binary(target: Target, text: bytes) -> bytes:
    """A V2 request with raw contents; every category has this text."""
    inputs, contents = [], b""
    room = text
    for tensor in tensors(target.features):
        if tensor["datatype"] == "BYTES":
            raw = len(room).to_bytes(4, "little") + room
            inputs.append({**tensor, "parameters": {"binary_data_size": len(raw)}})
            del inputs[-1]["data"]
            contents += raw
            room = b"No"
        else:
            inputs.append(tensor)
    head = json.dumps({"inputs": inputs}).encode()
    length = ("inference-header-content-length", str(len(head)))
    return request(target.infer, head + contents, (BINARY_TYPE, length), key=target.key)


def many_rows(target: Target) -> Iterable[bytes]:
    """As many rows as V2 allows, then as many customers as `/v1/predictions` does."""
    head, contents, inputs = b"", b"", []
    for tensor in tensors(target.features, ROWS):
        if tensor["datatype"] == "BYTES":
            word = str(tensor["data"][0]).encode()
            raw = (len(word).to_bytes(4, "little") + word) * ROWS
            inputs.append({**tensor, "parameters": {"binary_data_size": len(raw)}})
            contents += raw
        else:
            inputs.append(tensor)
    for tensor in inputs:
        if "parameters" in tensor:
            del tensor["data"]
    head = json.dumps({"inputs": inputs}, separators=(",", ":")).encode()
    length = ("inference-header-content-length", str(len(head)))
    yield request(target.infer, head + contents, (BINARY_TYPE, length), key=target.key)
    yield infer(target, {"inputs": tensors(target.features, 1000)})
    yield prediction(target, customers(target, 1000))


def unknown_keys(target: Target) -> Iterable[bytes]:
    """Nearly two megabytes of keys that nobody knows, in every place that has keys."""
    many: dict[str, Any] = {f"k{number}": 1 for number in range(UNKNOWN_KEYS // 2)}
    short = ",".join(f'"{number:x}":1' for number in range(UNKNOWN_KEYS)).encode()
    yield prediction(target, b'{"customers":[{"customer_id":"a","features":{' + short + b"}}]}")
    yield prediction(target, {"customers": [], **many})
    yield infer(target, {"inputs": tensors(target.features), **many})
    yield infer(target, {"inputs": [*tensors(target.features), *[{}] * (UNKNOWN_KEYS // 4)]})
    yield prediction(target, {"customers": [{}] * UNKNOWN_KEYS})


def odd_texts(target: Target) -> Iterable[bytes]:
    """Lone surrogates, broken UTF-8, control characters and quotes wherever there is text."""
    for odd in (r"\ud800", r"\udc00x", r"\u0000", "\\u2028\\u202e", '\\"\\\\', r"\ufffe"):
        quoted = f'"{odd}"'
        good = json.dumps(dict(target.features))
        yield prediction(target, f'{{"customers":[{{"customer_id":{quoted},"features":{good}}}]}}'.encode())
        yield prediction(target, f'{{"customers":[{{"customer_id":"a","features":{{{quoted}:1}}}}]}}'.encode())
        first = next(name for name, value in target.features.items() if isinstance(value, str))
        spoilt = json.dumps({name: value for name, value in target.features.items() if name != first})[:-1]
        features = f"{spoilt},{json.dumps(first)}:{quoted}}}"
        yield prediction(target, f'{{"customers":[{{"customer_id":"a","features":{features}}}]}}'.encode())
        inputs = json.dumps(tensors(target.features))
        yield infer(target, f'{{"id":{quoted},"inputs":{inputs}}}'.encode())
        yield infer(target, f'{{"inputs":{inputs},"outputs":[{{"name":{quoted}}}]}}'.encode())
    yield prediction(target, b'{"customers":[{"customer_id":"\xff\xfe","features":{"\xc3(":1}}]}')
    yield infer(target, b'{"id":"\xff","inputs":[]}')


def deep(target: Target) -> Iterable[bytes]:
    """Nesting that a recursive reader would drown in."""
    for opened, closed in ((b"[", b"]"), (b'{"a":', b"}")):
        nested = opened * DEPTH + b"1" + closed * DEPTH
        yield prediction(target, nested)
        yield infer(target, nested)
        yield prediction(target, b'{"customers":[{"customer_id":"a","features":{"x":' + nested + b"}}]}")
        yield infer(target, b'{"inputs":[{"name":"x","shape":[1],"datatype":"FP64","data":' + nested + b"}]}")
        yield infer(target, b'{"parameters":' + nested + b',"inputs":[]}')


def huge_numbers(target: Target) -> Iterable[bytes]:
    """Numbers that fit nowhere."""
    name = next(name for name, value in target.features.items() if not isinstance(value, str))
    rest = json.dumps({key: value for key, value in target.features.items() if key != name})[:-1]
    others = json.dumps([tensor for tensor in tensors(target.features) if tensor["name"] != name])[:-1]
    for number in ("1e999", "-1e999", "9" * 5000, "9" * 1_000_000, "1e-999", "NaN", "-0", "0." + "1" * 1_000_000):
        features = f"{rest},{json.dumps(name)}:{number}}}"
        yield prediction(target, f'{{"customers":[{{"customer_id":"a","features":{features}}}]}}'.encode())
        tensor = f'{{"name":{json.dumps(name)},"shape":[1],"datatype":"FP64","data":[{number}]}}'
        yield infer(target, f'{{"inputs":{others},{tensor}]}}'.encode())
        shaped = f'{{"name":{json.dumps(name)},"shape":[{number}],"datatype":"FP64","data":[1]}}'
        yield infer(target, f'{{"inputs":{others},{shaped}]}}'.encode())


def random_bytes(target: Target) -> Iterable[bytes]:
    """Noise at every door, of every size."""
    noise = random.Random(7)
    for size in (1, 100, 10_000, 500_000):
        content = noise.randbytes(size)
        yield prediction(target, content)
        yield infer(target, content)
        yield infer(target, content, (BINARY_TYPE, ("inference-header-content-length", str(size // 2))))


def reasons(target: Target) -> Iterable[bytes]:
    """Reasons for one customer, and for a hundred."""
    yield prediction(target, {**customer(target), "explain": True})
    yield prediction(target, {**customers(target, 100), "explain": True})


def primary(target: Target) -> int:
    """The primary's HTTP port."""
    return target.primary


BODY_ATTACKS = (
    Attack(
        "tensor-name", "V2", "names and ids of 1.9 MB, 100 faults about each", repeated(in_turn(long_tensor_name), 2.0)
    ),
    Attack(
        "tensor-name-primary",
        "primary",
        "the same at the primary itself",
        repeated(in_turn(long_tensor_name), 1.0, 1, primary),
    ),
    Attack("long-names", "HTTP", "names, ids and values of 1.9 MB", repeated(in_turn(long_names), 2.0)),
    Attack(
        "long-text", "V2", "binary texts that grow eightfold on the way to a backend", repeated(in_turn(long_text), 4.0)
    ),
    Attack(
        "many-rows",
        "V2 and HTTP",
        "10,000 and 1,000 rows in a loop, one caller",
        repeated(in_turn(many_rows), 100.0, 1),
    ),
    Attack("unknown-keys", "V2 and HTTP", "190,000 unknown keys, 1.8 MB", repeated(in_turn(unknown_keys), 2.0, 1)),
    Attack(
        "odd-texts", "V2 and HTTP", "lone surrogates, control characters, quotes", repeated(in_turn(odd_texts), 50.0)
    ),
    Attack("deep", "V2 and HTTP", "200,000 levels of nesting", repeated(in_turn(deep), 4.0, 1)),
    Attack("huge-numbers", "V2 and HTTP", "1e999, a million digits, NaN", repeated(in_turn(huge_numbers), 10.0)),
    Attack("noise", "V2 and HTTP", "random bytes up to 500 kB", repeated(in_turn(random_bytes), 20.0)),
    Attack("reasons", "HTTP", "reasons for 1 and for 100 customers, 8 at a time", repeated(in_turn(reasons), 20.0, 8)),
)
