"""A real git server over HTTP that asks for a user and a password: git's own `http-backend` behind a small WSGI server.

It answers as git hosting does, with everything that two pushes at once, hooks and rights make of it. `receiving` is
called before each push reaches git and `received` after, so that a test can have two of them there at once, or break
the server (status 500) on either side.
"""

import base64
import os
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

USER, PASSWORD = "deployer", "a-token"


class _Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        pass


@dataclass
class GitHost:
    """A host of bare repositories below `folder`; `readers` may read and not write, `broken` makes it answer 503."""

    folder: Path
    port: int = 0
    name: str = "127.0.0.1"
    readers: dict[str, str] = field(default_factory=dict)
    broken: bool = False
    receiving: Callable[[], bool] = lambda: True
    received: Callable[[], bool] = lambda: True

    def address(self, name: str, user: str = "") -> str:
        return f"http://{user + '@' if user else ''}{self.name}:{self.port}/{name}.git"

    def make(self, name: str) -> Path:
        bare = self.folder / f"{name}.git"
        git("init", "--quiet", "--bare", "--initial-branch", "main", str(bare), folder=self.folder)
        git("config", "http.receivepack", "true", folder=bare)
        return bare

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if self.broken:
            start("503 Service Unavailable", [("Content-Length", "0")])
            return [b""]
        user, _, password = (
            base64.b64decode(environ.get("HTTP_AUTHORIZATION", "").partition(" ")[2]).decode().partition(":")
        )
        if {USER: PASSWORD, **self.readers}.get(user) != password:
            start("401 Unauthorized", [("WWW-Authenticate", 'Basic realm="git"'), ("Content-Length", "0")])
            return [b""]
        pushes = "git-receive-pack" in environ["PATH_INFO"] + environ.get("QUERY_STRING", "")
        if pushes and user in self.readers:
            start("403 Forbidden", [("Content-Length", "0")])
            return [b""]
        body = _body(environ)
        arrives = environ["PATH_INFO"].endswith("/git-receive-pack")
        if arrives and not self.receiving():
            start("500 Internal Server Error", [("Content-Length", "0")])
            return [b""]
        status, headers, answer = self._git(environ, user, body)
        if arrives and not self.received():
            start("500 Internal Server Error", [("Content-Length", "0")])
            return [b""]
        start(status, headers)
        return [answer]

    def _git(self, environ: dict[str, Any], user: str, body: bytes) -> tuple[str, list[tuple[str, str]], bytes]:
        names = (
            "PATH_INFO",
            "QUERY_STRING",
            "REQUEST_METHOD",
            "CONTENT_TYPE",
            "HTTP_CONTENT_ENCODING",
            "HTTP_GIT_PROTOCOL",
        )
        told = {name: environ[name] for name in names if environ.get(name)}
        told |= {"GIT_PROTOCOL": environ.get("HTTP_GIT_PROTOCOL", ""), "CONTENT_LENGTH": str(len(body))}
        own = {"GIT_PROJECT_ROOT": str(self.folder), "GIT_HTTP_EXPORT_ALL": "1", "REMOTE_USER": user}
        done = subprocess.run(
            ["git", "http-backend"], input=body, env={**quiet_git(), **told, **own}, capture_output=True, check=True
        )
        head, _, rest = done.stdout.partition(b"\r\n\r\n")
        pairs = [line.partition(": ")[::2] for line in head.decode().split("\r\n")]
        status = next((value for name, value in pairs if name == "Status"), "200 OK")
        return status, [(name, value) for name, value in pairs if name != "Status"], rest


def _body(environ: dict[str, Any]) -> bytes:
    stream = environ["wsgi.input"]
    if "chunked" not in environ.get("HTTP_TRANSFER_ENCODING", ""):
        return bytes(stream.read(int(environ.get("CONTENT_LENGTH") or 0)))
    found = b""
    while size := int(stream.readline().strip(), 16):
        found += stream.read(size)
        stream.readline()
    return found


@contextmanager
def git_host(folder: Path, name: str = "127.0.0.1") -> Iterator[GitHost]:
    """A host at an address of this machine, until the block ends."""
    host = GitHost(folder, name=name)
    with make_server(name, 0, host, _Threaded, _Quiet) as server:
        host.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield host
        finally:
            server.shutdown()
            thread.join()


def quiet_git() -> dict[str, str]:
    """The environment of a git that knows nothing of whose machine this is."""
    return {
        **os.environ,
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        **{f"GIT_{who}_{what}": "test@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }


def git(*arguments: str, folder: Path) -> str:
    """What git answers, without the end of its line."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=quiet_git(), capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.rstrip("\n")
