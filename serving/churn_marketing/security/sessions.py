"""Sessions that are kept here and end: the browser holds a random name and nothing else.

Whatever a page remembers of somebody (who they are, a search, how far signing in elsewhere has come) stays in a SQLite
file, found by the hash of that name; ending a session is taking a row away.
"""

import hashlib
import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SessionInterface, SessionMixin
from werkzeug.datastructures import CallbackDict

_SCHEMA = """
CREATE TABLE IF NOT EXISTS sessions (
  id TEXT PRIMARY KEY, content TEXT NOT NULL, person TEXT NOT NULL, begun REAL NOT NULL, seen REAL NOT NULL
) WITHOUT ROWID
"""
_SEEN_SECONDS = 20.0
"""A session that is only read is written down as alive at most so often."""
_LARGEST = 256 * 1024
_ANONYMOUS_SECONDS = 30 * 60.0
_TIDY_SECONDS = 300.0
_TOKEN_LETTERS = 43


class ServerSession(CallbackDict[str, Any], SessionMixin):
    """One person's session. ``ended`` names whom a session of before belonged to that has just run out."""

    def __init__(self, content: dict[str, Any] | None = None, token: str = "") -> None:
        def changed(_: Any) -> None:
            self.modified = True

        super().__init__(content, changed)
        self.token, self.former = token, ""
        self.new, self.modified, self.seen = not token, False, 0.0
        self.begun = time.time()
        self.ended: str | None = None

    def renew(self, *, begin: bool = False) -> None:
        """Another name for it, which nobody can have known before; with ``begin`` its time begins now."""
        self.former, self.token, self.modified = self.former or self.token, "", True
        self.begun = time.time() if begin else self.begun

    def end(self) -> None:
        """Forget all of it."""
        self.clear()
        self.renew()


class SessionStore:
    """The rows; safe to use from many threads and processes."""

    def __init__(self, path: Path, idle_seconds: float, longest_seconds: float, now: Callable[[], float]) -> None:
        self._path, self._idle, self._longest, self._now = path, idle_seconds, longest_seconds, now
        self._tidied, self._lock = now(), threading.Lock()
        with self._connected() as connection:
            connection.execute("PRAGMA journal_mode = wal")
            connection.execute(_SCHEMA)

    def load(self, token: str) -> ServerSession:
        """The session of that name; an empty one if there is none, or none any more."""
        now = self._now()
        with self._connected() as connection:
            row = connection.execute(
                "SELECT content, person, begun, seen FROM sessions WHERE id = ?", (_hash(token),)
            ).fetchone()
        if row is None:
            return ServerSession()
        content, person, begun, seen = row
        idle = self._idle if person else _ANONYMOUS_SECONDS
        if now - seen > idle or now - begun > self._longest:
            self.remove(token)
            fresh = ServerSession()
            fresh.ended = person or None
            return fresh
        session = ServerSession(json.loads(content), token)
        session.begun, session.seen = begun, seen
        return session

    def save(self, session: ServerSession) -> None:
        """Write it down if there is anything to write."""
        now = self._now()
        if session.former:
            self.remove(session.former)
        if not session and not session.token:
            return
        if not session.modified and now - session.seen < _SEEN_SECONDS:
            return
        content = json.dumps(dict(session))
        if len(content) > _LARGEST:
            return  # what was there before stays; no page of ours remembers as much
        person = str(session.get("person", ""))
        with self._connected() as connection:
            if session.token:  # one that was ended while this request was answered stays ended
                query = "UPDATE sessions SET content = ?, person = ?, seen = ? WHERE id = ?"
                connection.execute(query, (content, person, now, _hash(session.token)))
            else:
                session.token = secrets.token_urlsafe(32)
                row = (_hash(session.token), content, person, session.begun, now)
                connection.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?)", row)
        self._tidy(now)

    def remove(self, token: str) -> None:
        """End the session of that name."""
        with self._connected() as connection:
            connection.execute("DELETE FROM sessions WHERE id = ?", (_hash(token),))

    def _tidy(self, now: float) -> None:
        with self._lock:
            if now - self._tidied < _TIDY_SECONDS:
                return
            self._tidied = now
        with self._connected() as connection:
            # Whoever comes back a little late is told that the session has ended, so its row outlives it by a day.
            connection.execute("DELETE FROM sessions WHERE person <> '' AND seen < ?", (now - self._idle - 86_400,))
            connection.execute("DELETE FROM sessions WHERE person = '' AND seen < ?", (now - _ANONYMOUS_SECONDS,))

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path, timeout=10, isolation_level=None)
        try:
            connection.execute("PRAGMA synchronous = normal")
            yield connection
        finally:
            connection.close()


class Sessions(SessionInterface):
    """What Flask asks for a request's session; ``secure`` demands https of the browser."""

    def __init__(self, store: SessionStore, *, secure: bool, longest_seconds: float) -> None:
        self._store, self._secure, self._longest = store, secure, longest_seconds
        self._cookie = "__Host-churn_session" if secure else "churn_session"

    def open_session(self, app: Flask, request: Request) -> ServerSession:  # noqa: ARG002 - Flask calls it so
        """The session that the browser names."""
        if request.path.startswith("/static/"):
            return ServerSession()
        token = request.cookies.get(self._cookie, "")
        return self._store.load(token) if len(token) == _TOKEN_LETTERS else ServerSession()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:  # noqa: ARG002 - as above
        """Keep it, and tell the browser its name where that is new."""
        if not isinstance(session, ServerSession):
            return
        named = session.token
        self._store.save(session)
        if session.token and session.token != named:
            until = datetime.fromtimestamp(session.begun + self._longest, UTC)
            response.set_cookie(
                self._cookie, session.token, expires=until, secure=self._secure, httponly=True, samesite="Lax", path="/"
            )
        elif session.former and not session.token:
            response.delete_cookie(self._cookie, secure=self._secure, httponly=True, samesite="Lax", path="/")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
