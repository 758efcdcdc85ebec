"""Whatever answers in place of object storage: nothing is believed to be kept, or not to be there, that nobody said."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from churn_data.locations import ObjectLocation
from churn_monitoring.prediction_log.metrics import ShipperMetrics
from churn_monitoring.prediction_log.shipping import Shipped, ship
from churn_monitoring.prediction_log.store import Store
from tests.prediction_log.shipped import answer, write_segment

_HEAD = '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
_LIST = f"{_HEAD}<Name>b</Name><KeyCount>1</KeyCount><Contents><Key>log/_erased/</Key>%s</Contents></ListBucketResult>"
_WHOLE = '<ETag>"x"</ETag><LastModified>2026-09-01T00:00:00Z</LastModified>'
SIGN_IN = "<html><body>Please sign in</body></html>"


class Answering(BaseHTTPRequestHandler):
    """Answers everything with 200: writing with `headers`, everything else with `body`, too."""

    protocol_version = "HTTP/1.1"
    body: ClassVar[str] = ""
    headers_of_put: ClassVar[dict[str, str]] = {}

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        put = self.command == "PUT"
        body = b"" if put and self.headers_of_put else self.body.encode()
        self.send_response(200)
        for name, value in (self.headers_of_put if put else {}).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = do_DELETE = _answer  # noqa: N815 - the library's names

    def log_message(self, *_: object) -> None:
        """Say nothing."""


Serve = Callable[[str, bool], None]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """What answers with a body, and whether it says of writing that it has done it."""
    servers: list[ThreadingHTTPServer] = []

    def begin(body: str, keeps: bool) -> None:
        kind = type("Kind", (Answering,), {"body": body, "headers_of_put": {"etag": '"x"'} if keeps else {}})
        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), kind))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{servers[-1].server_port}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")

    yield begin
    for server in servers:
        server.shutdown()
        server.server_close()


def shipped(segments: Path) -> Shipped:
    return ship(segments, Store(ObjectLocation("b", "log")), ShipperMetrics(), print)


@pytest.mark.parametrize(
    ("body", "keeps"),
    [
        (SIGN_IN, False),
        ("", False),
        (SIGN_IN, True),
        ("", True),
        (f"{_HEAD}</ListBucketResult>", True),
        (_LIST % "", True),
    ],
    ids=["page", "nothing", "page for lists", "no list", "a list of no bucket", "an object without a version"],
)
def test_who_answers_everything_with_200_is_no_object_storage(
    serve: Serve,
    tmp_path: Path,
    body: str,
    keeps: bool,
) -> None:
    path = write_segment(tmp_path, answer("a"))
    serve(body, keeps)
    found = shipped(tmp_path)
    assert (found.rows, found.left) == (0, 1)
    assert "does not speak as object storage does" in found.problem
    assert path.exists()


def test_what_a_console_makes_to_show_a_folder_is_no_file(serve: Serve, tmp_path: Path) -> None:
    write_segment(tmp_path, answer("a"))
    serve(_LIST % _WHOLE, True)
    assert shipped(tmp_path) == Shipped(1, 1, 0)
