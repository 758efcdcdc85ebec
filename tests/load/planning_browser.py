"""A planner's browser as the benchmarks of the app need it: signed in, every answer timed, whatever should not be an
answer raised; and what planners have heard from it.
"""

import re
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Self

import httpx
import numpy

PASSWORD = "as-long-as-a-benchmark"
PEOPLE = 5
"""Users there are; planners share them, each with a session of their own."""


def free_port() -> int:
    """One that nothing listens on at this moment."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


@dataclass
class Heard:
    """What planners met, and what they were told of their plans: by id, the state that each must have at the end."""

    counts: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    states: dict[str, str] = field(default_factory=dict)
    times: dict[str, list[float]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, what: str) -> None:
        """One more of something."""
        with self.lock:
            self.counts[what] += 1

    def took(self, what: str, seconds: float) -> None:
        """An answer came after so long."""
        with self.lock:
            self.times.setdefault(what, []).append(seconds * 1000)

    def told(self, plan: str, state: str) -> None:
        """A page has confirmed that a plan is in a state."""
        with self.lock:
            self.states[plan] = state
            self.counts[state] += 1

    def latencies(self) -> dict[str, dict[str, float]]:
        """Requests and their median, 99th percentile and longest (ms), by kind, all of them first."""
        named = {"all": [each for times in self.times.values() for each in times], **dict(sorted(self.times.items()))}
        return {
            what: {
                "requests": len(times),
                **{f"p{share}": round(float(numpy.percentile(times, share)), 1) for share in (50, 99)},
                "longest": round(max(times), 1),
            }
            for what, times in named.items()
            if times
        }


class Browser:
    """A planner's browser, signed in; whatever it should not be answered is raised as RuntimeError."""

    def __init__(self, number: int, url: str, heard: Heard) -> None:
        self._client, self._heard = httpx.Client(base_url=url, timeout=120), heard
        self._token = ""
        form = {"name": f"planner{number % PEOPLE}", "password": PASSWORD}
        self.get("/sign-in")
        self.post("/sign-in", form)
        self.get("/plans/")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, path: str) -> str:
        answer = self._asked("GET", path)
        if answer.status_code != httpx.codes.OK:
            raise RuntimeError(f"GET {path.split('/')[1]}: {answer.status_code}")
        found = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
        self._token = found[1] if found else self._token
        return answer.text

    def post(self, path: str, form: dict[str, str]) -> str:
        answer = self._asked("POST", path, {"csrf_token": self._token, **form})
        if answer.status_code != httpx.codes.SEE_OTHER:
            raise RuntimeError(f"POST {path.split('/')[1]} … {path.rpartition('/')[2]}: {answer.status_code}")
        return answer.headers["location"]

    def _asked(self, method: str, path: str, form: dict[str, str] | None = None) -> httpx.Response:
        begun = time.perf_counter()
        answer = self._client.request(method, path, data=form)
        name, _, rest = path.strip("/").partition("/")
        step = rest.partition("/")[2] if "/" in rest else "one" if rest else ""
        self._heard.took(" ".join(filter(None, (method, name or "overview", step))), time.perf_counter() - begun)
        return answer
