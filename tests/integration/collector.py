"""A collector of traces: what processes tell it over OTLP is held to OpenTelemetry's own definition and kept."""

import contextlib
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.integration.listening import listening


class Told(NamedTuple):
    """A span as it was told, and by which service."""

    service: str
    span: dict[str, Any]

    @property
    def attributes(self) -> dict[str, str]:
        return {one["key"]: next(iter(one["value"].values())) for one in self.span["attributes"]}

    @property
    def failed(self) -> bool:
        return bool(self.span.get("status", {}).get("code") == 2)


class Collector(ThreadingHTTPServer):
    """``bodies`` is all that it was sent; while ``status`` is not 200 it takes nothing."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1/traces"
        self.bodies: list[bytes] = []
        self.status = 200

    def told(self, trace_id: str = "") -> list[Told]:
        """Spans of one trace, or of all."""
        return [
            Told(_service(resource), span)
            for body in list(self.bodies)
            for resource in json.loads(body)["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
            if trace_id in ("", span["traceId"])
        ]


def _service(resource: dict[str, Any]) -> str:
    (attribute,) = resource["resource"]["attributes"]
    assert attribute["key"] == "service.name"
    return str(attribute["value"]["stringValue"])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Collector

    def do_POST(self) -> None:
        assert (self.path, self.headers["content-type"]) == ("/v1/traces", "application/json")
        body = self.rfile.read(int(self.headers["content-length"]))
        status = self.server.status
        if status == 200:
            try:
                json_format.Parse(body, ExportTraceServiceRequest())
            except json_format.ParseError:
                status = 400
            else:
                self.server.bodies.append(body)
        self.send_response(status)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


def collecting() -> contextlib.AbstractContextManager[Collector]:
    """A collector that listens."""
    return listening(Collector())
