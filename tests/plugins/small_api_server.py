"""As much of a Kubernetes API server as the code under test speaks to: objects by path, over real HTTP.

A test may say what a path answers by a function, to play what a cluster does meanwhile.
"""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

Object = dict[str, Any]


class ApiServer:
    """Objects by path. `answers` come before them; `refusals` are statuses by method and path; `seen` is what came;
    `create` does a POST."""

    def __init__(self) -> None:
        self.objects: dict[str, Object] = {}
        self.answers: dict[str, Callable[[dict[str, list[str]]], Object | bytes]] = {}
        self.refusals: dict[tuple[str, str], int] = {}
        self.seen: list[tuple[str, str]] = []
        self.create: Callable[[str, Object], tuple[int, bytes]] = self.store
        self.url = ""

    def kubeconfig(self, folder: Path) -> Path:
        """Write a kubeconfig for it."""
        path = folder / "kubeconfig"
        configuration = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": self.url}}],
            "users": [{"name": "test", "user": {"token": "t"}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        }
        path.write_text(json.dumps(configuration))
        return path

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: bytes) -> tuple[int, bytes]:
        """Status and body."""
        self.seen.append((method, path))
        if (method, path) in self.refusals:
            return self.refusals[method, path], json.dumps({"message": f"no {method}\nof this"}).encode()
        if method == "GET" and path in self.answers:
            found = self.answers[path](query)
            return 200, found if isinstance(found, bytes) else json.dumps(found).encode()
        if method == "POST":
            return self.create(path, json.loads(body))
        if path not in self.objects:
            return 404, json.dumps({"message": f"{path} not found"}).encode()
        if method == "PATCH":
            return self.merge(path, json.loads(body))
        return 200, json.dumps(self.objects[path]).encode()

    def merge(self, path: str, patch: Object) -> tuple[int, bytes]:
        """Change an object's data; a conflict where the patch knows another version of it."""
        found, version = self.objects[path], patch.get("metadata", {}).get("resourceVersion")
        if version is not None and version != found["metadata"]["resourceVersion"]:
            return 409, json.dumps({"message": "the object has been modified"}).encode()
        found["data"] |= patch["data"]
        found["metadata"]["resourceVersion"] = f"{int(found['metadata'].get('resourceVersion', 0)) + 1}"
        return 200, json.dumps(found).encode()

    def store(self, path: str, created: Object) -> tuple[int, bytes]:
        """Make an object, if there is none of that name."""
        metadata = created["metadata"]
        metadata.setdefault("name", f"{metadata.get('generateName')}x7k2p")
        place = f"{path}/{metadata['name']}"
        if place in self.objects:
            return 409, json.dumps({"message": "there already"}).encode()
        for key, text in created.pop("stringData", {}).items():
            created.setdefault("data", {})[key] = base64.b64encode(text.encode()).decode()
        metadata["resourceVersion"] = "1"
        self.objects[place] = created
        return 201, json.dumps(created).encode()


@contextmanager
def running() -> Iterator[ApiServer]:
    """A server on a port of its own."""
    state = ApiServer()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, answer = state.answer(self.command, parts.path, parse_qs(parts.query), body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PATCH = handle_any  # noqa: N815 - http.server calls them so

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
