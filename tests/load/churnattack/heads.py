"""Attacks by what a request's head says, or by what is not HTTP/1.1 at all. Most need no key."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterable

from churnattack.target import Attack, Target
from churnattack.wire import (
    BINARY_TYPE,
    JSON_TYPE,
    Asked,
    customer,
    expecting,
    in_turn,
    prediction,
    repeated,
    request,
    tensors,
)

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


GOOD, ALLOWED, MALFORMED, NO_KEY, UNKNOWN = (expecting(status) for status in ("200", "204", "400", "401", "404"))
OTHER_METHOD, LONG_TARGET, MEDIA_TYPE, LONG_HEADER = (expecting(status) for status in ("405", "414", "415", "431"))
PROXY, VERSION = expecting("501"), expecting("505")


def keyless_pages(target: Target) -> Iterable[Asked]:
    """Every page there is, without a key: health and documentation are everybody's."""
    model = f"/v2/models/{target.model}"
    pages = {
        GOOD: ("/openapi.json", "/docs", "/readyz", "/livez", "/v2", "/v2/health/live", "/v2/health/ready"),
        NO_KEY: ("/v1/model", "/v2/models", model, f"{model}/ready", target.infer, "/metrics", "/"),
    }
    for judged, paths in pages.items():
        for path in paths:
            for method in ("GET", "HEAD"):
                yield judged(request(path, headers=(), method=method))


def guessed_keys(target: Target) -> Iterable[Asked]:
    """Keys of the right form that nobody has, the attacker's own with one character changed among them."""
    body = json.dumps(customer(target)).encode()
    dice = random.Random(5)
    for _ in range(200):
        guessed = "churn_" + base64.urlsafe_b64encode(dice.randbytes(32)).rstrip(b"=").decode()
        yield NO_KEY(request("/v1/predictions", body, key=guessed))
        yield NO_KEY(request("/v1/predictions", body, (JSON_TYPE, ("authorization", f"Bearer {target.key[:-1]}!"))))
    yield LONG_HEADER(request("/v1/predictions", body, (JSON_TYPE, ("authorization", "Bearer " + "k" * 30_000))))


def odd_clients(target: Target) -> Iterable[Asked]:
    """What real clients send that is not quite the usual: versions, media types, methods, null ids."""
    inputs = tensors(target.features)
    plain = json.dumps({"inputs": inputs}).encode()
    model = f"/v2/models/{target.model}"
    octets = (BINARY_TYPE, ("inference-header-content-length", str(len(plain))))
    yield GOOD(request(target.infer, json.dumps({"id": None, "inputs": inputs}).encode(), key=target.key))
    named = json.dumps({"model_name": target.model, "inputs": inputs}).encode()
    yield GOOD(request(target.infer, named, key=target.key))
    yield GOOD(request(target.infer, plain, octets, key=target.key))
    yield GOOD(request(target.infer, plain, (), key=target.key))
    yield GOOD(request(f"{model}/versions/1/infer", plain, key=target.key))
    yield UNKNOWN(request(f"{model}/versions/99/infer", plain, key=target.key))
    for method in ("GET", "PUT", "DELETE", "PATCH", "TRACE"):
        yield OTHER_METHOD(request(target.infer, plain, key=target.key, method=method))
        yield OTHER_METHOD(request("/v1/predictions", plain, key=target.key, method=method))
    yield ALLOWED(request(target.infer, plain, key=target.key, method="OPTIONS"))
    yield OTHER_METHOD(request("/v1/model", plain, key=target.key))
    yield OTHER_METHOD(request("/livez", plain))


def odd_lengths(target: Target) -> Iterable[Asked]:
    """Two lengths, a length beside chunks, lengths that are none: what smuggles requests past others."""
    good = prediction(target, customer(target))
    length = next(line for line in good.split(b"\r\n") if line.startswith(b"content-length"))
    for instead in (
        length + b"\r\ncontent-length: 1",
        length + b"\r\n" + length,
        length + b"\r\ntransfer-encoding: chunked",
        b"transfer-encoding: xchunked",
        b"transfer-encoding: chunked\r\ntransfer-encoding: identity",
        b"content-length: -1",
        b"content-length: +5",
        b"content-length: 0x10",
        b"content-length: " + b"9" * 40,
        b"content-length : 5",
        b"content-length: 5\nx-a: b",
    ):
        # What is left of the body comes back to this connection at most, which is the attacker's own.
        yield MALFORMED(good.replace(length, instead))


def odd_heads(target: Target) -> Iterable[Asked]:
    """Endless query strings, bombs announced, upgrades, request ids with everything in them."""
    body = json.dumps(customer(target)).encode()
    path = "/v1/predictions"
    yield LONG_TARGET(request(path + "?" + "q" * 60_000, body, key=target.key))
    yield LONG_TARGET(request("/" + "../" * 15_000, b"", (), method="GET"))
    yield LONG_TARGET(request("/v2/models/" + "m" * 60_000 + "/infer", body, key=target.key))
    yield UNKNOWN(request("/v2/models/%00%ff%2e%2e%2f/infer", body, key=target.key))
    for coding in ("gzip", "br", "deflate, gzip", "identity, gzip", "g" * 8000):
        yield MEDIA_TYPE(request(path, body, (JSON_TYPE, ("content-encoding", coding)), key=target.key))
    for name, value in (
        ("x-request-id", "r" * 8000),
        ("x-request-id", "\x80\xff\"\\ '${jndi:x}"),
        ("traceparent", "00-" + "f" * 4000),
        ("inference-header-content-length", "9" * 30),
    ):
        yield GOOD(request(path, body, (JSON_TYPE, (name, value)), key=target.key))
    yield GOOD(request(path, body, (("content-type", "application/json" + ";a=b" * 2000),), key=target.key))
    for offer, protocol in (("upgrade", "websocket"), ("Upgrade, HTTP2-Settings", "h2c")):
        yield GOOD(request(path, body, (JSON_TYPE, ("connection", offer), ("upgrade", protocol)), key=target.key))
    for length in ("-1", "9" * 30):
        octets = (BINARY_TYPE, ("inference-header-content-length", length))
        yield MALFORMED(request(target.infer, body, octets, key=target.key))
    yield GOOD(request(path, body, (JSON_TYPE, *[("x-a", "b")] * 90), key=target.key))
    yield LONG_HEADER(request(path, body, (JSON_TYPE, *[("x-a", "b")] * 110), key=target.key))


def other_protocols(_: Target) -> Iterable[Asked]:
    """HTTP/2, TLS, SSH and nothing at all, spoken to the HTTP port."""
    yield VERSION(PREFACE + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00")
    yield MALFORMED(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500))
    yield MALFORMED(b"SSH-2.0-client\r\n")
    yield VERSION(b"\r\n" * 100 + b"GET / HTTP/0.9\r\n\r\n")
    yield NO_KEY(b"GET http://127.0.0.1:1/ HTTP/1.1\r\nhost: a\r\n\r\n")
    yield PROXY(b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nhost: a\r\n\r\n")
    yield MALFORMED(bytes(2000))


HEAD_ATTACKS = (
    Attack(
        "keyless-pages",
        "HTTP, no key",
        "every page, GET and HEAD, 200 a second",
        repeated(in_turn(keyless_pages), 200.0),
    ),
    Attack(
        "guessed-keys", "HTTP, no key", "keys that nobody has, 200 a second", repeated(in_turn(guessed_keys), 200.0)
    ),
    Attack(
        "odd-clients", "V2 and HTTP", "versions, media types, methods, null ids", repeated(in_turn(odd_clients), 50.0)
    ),
    Attack(
        "odd-lengths",
        "HTTP",
        "two lengths, a length beside chunks, lengths that are none",
        repeated(in_turn(odd_lengths), 50.0),
    ),
    Attack(
        "odd-heads",
        "V2 and HTTP",
        "60 kB of query, codings, upgrades, odd request ids",
        repeated(in_turn(odd_heads), 50.0),
    ),
    Attack(
        "other-protocols",
        "HTTP, no key",
        "HTTP/2, TLS, SSH and zeroes at the HTTP port",
        repeated(in_turn(other_protocols), 50.0),
    ),
)
