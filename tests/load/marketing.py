"""The app for people over a million customers: milliseconds and bytes of each page.

`make bench-marketing DATA=telco.csv` trains a model at its defaults, makes two batches by repeating and shaking the
real customers, scores them by the command, starts the app and asks for each page again and again, by one person and by
several at once; then it goes the way of one campaign, from a draft to its results. It measures what a browser would
wait for, the round trip on this machine included.
"""

import argparse
import contextlib
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy
import pandas

from marketing_plans import walk
from planning_browser import PASSWORD, free_port

ROWS = 1_000_000
BATCHES = ("2026-10", "2026-11")
FILES = ("style.css", "htmx.min.js", "icon.svg")


def main() -> None:
    """Make what is missing, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="IBM's telecom customers, CSV")
    parser.add_argument("--folder", type=Path, default=Path(".bench/marketing"), help="for what is made (%(default)s)")
    parser.add_argument("--rows", type=int, default=ROWS, help="customers in a batch (%(default)s)")
    parser.add_argument("--times", type=int, default=20, help="requests of each page (%(default)s)")
    parser.add_argument("--people", type=int, default=4, help="who ask at once (%(default)s)")
    parser.add_argument("--plans-only", action="store_true", help="leave out the pages that are only read")
    options = parser.parse_args()
    home = Path(options.folder).absolute() / str(options.rows)
    home.mkdir(parents=True, exist_ok=True)
    _train(home, options.data)
    for number, name in enumerate(BATCHES):
        _score(home, options.data, name, options.rows, number)
    with _app(home) as url:
        if not options.plans_only:
            _report(url, options.times, options.people)
        with _client(url) as client:
            walk(client, _size_of_files(client), options.times)


def _run(home: Path, *words: str, given: str | None = None) -> None:
    environment = {**os.environ, "CHURN_HOME": str(home)}
    subprocess.run([sys.executable, "-m", *words], check=True, env=environment, input=given, text=True)


def _train(home: Path, data: Path) -> None:
    if not (home / "packages").exists():
        words = ("--usecase", "telecom", "--data", str(data), "--budget", "0", "--force-promote")
        _run(home, "churn_cli", "train", *words)


def _score(home: Path, data: Path, name: str, rows: int, seed: int) -> None:
    """Real customers again and again, each with an id of its own and a charge that is shaken by up to a unit."""
    scores, customers = home / "batches" / f"{name}.parquet", home / "customers" / f"{name}.parquet"
    if scores.exists():
        return
    scores.parent.mkdir(exist_ok=True)
    customers.parent.mkdir(exist_ok=True)
    frame = pandas.read_csv(data).drop(columns="Churn")
    frame = frame.iloc[numpy.arange(rows) % len(frame)].reset_index(drop=True)
    shaken = numpy.random.default_rng(seed).integers(-100, 100, rows) / 100
    frame["customerID"] = [f"{number:07d}" for number in range(rows)]
    frame["MonthlyCharges"] = (frame["MonthlyCharges"] + shaken).round(2)
    frame.to_parquet(customers)
    _run(home, "churn_cli", "score", str(customers), str(scores))


@contextlib.contextmanager
def _app(home: Path) -> Iterator[str]:
    state = home / "marketing"
    _run(home, "churn_marketing", "users", "add", "bench", "--role", "planner", given=f"{PASSWORD}\n")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {"HTTP_PORT": str(port), "REQUESTS_PER_MINUTE": "100000", "STATE": str(state), "THREADS": "4"}
    environment = {f"CHURN_MARKETING_{name}": value for name, value in settings.items()}
    with (home / "app.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "churn_marketing"],
            env={**os.environ, **environment, "CHURN_HOME": str(home)},
            stdout=log,
            stderr=log,
        )
    try:
        begun = time.monotonic()
        while not _is_ready(url):
            assert process.poll() is None, (home / "app.log").read_text()
            time.sleep(0.5)
        print(f"ready with both batches prepared after {time.monotonic() - begun:.1f} s", flush=True)  # noqa: T201
        yield url
    finally:
        process.terminate()
        process.wait(30)


def _is_ready(url: str) -> bool:
    try:
        with _client(url) as client:
            page = client.get("/segments").text
    except (httpx.HTTPError, ValueError):
        return False
    return "customers moved into another segment" in page and "is being prepared" not in page


@contextlib.contextmanager
def _client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=60) as client:
        form = {"csrf_token": _token(client.get("/sign-in").text), "name": "bench", "password": PASSWORD}
        client.post("/sign-in", data=form)
        yield client


def _token(page: str) -> str:
    found = re.search(r'csrf_token" value="([^"]+)"', page)
    if found is None:
        raise ValueError("a page without a form")
    return found[1]


def _report(url: str, times: int, people: int) -> None:
    with _client(url) as client:
        files = _size_of_files(client)
        for name, ask in _pages(client).items():
            ask(client)
            alone = sorted(_milliseconds(ask, client) for _ in range(times))
            with ThreadPoolExecutor(people) as pool:
                together = sorted(pool.map(lambda _, ask=ask: _milliseconds(ask, client), range(times)))
            size = (len(ask(client).content) + files) / 1000
            line = f"{name:37} {statistics.median(alone):5.0f} ms, at most {alone[-1]:5.0f} ms"
            line += f"; {people} at once {statistics.median(together):5.0f} and {together[-1]:5.0f} ms"
            print(f"{line}; {size:4.0f} kB with files", flush=True)  # noqa: T201 - the result


def _size_of_files(client: httpx.Client) -> int:
    """Bytes of what every page brings with it."""
    return sum(len(client.get(f"/static/{name}").content) for name in FILES)


def _pages(client: httpx.Client) -> dict[str, Callable[[httpx.Client], httpx.Response]]:
    page = client.get("/customers").text
    keys = re.findall(r'href="/customers/([0-9a-f]{16})"', page)
    token = _token(page)

    def get(place: str) -> Callable[[httpx.Client], httpx.Response]:
        return lambda asking: asking.get(place)

    def search(asking: httpx.Client) -> httpx.Response:
        form = {"csrf_token": token, "search": "99999"}
        answer = asking.post("/customers/search", data=form, follow_redirects=True)
        asking.post("/customers/search", data={"csrf_token": token, "search": ""})
        return answer

    return {
        "overview": get("/"),
        "customers": get("/customers"),
        "customers, next page": get(f"/customers?sort=at_risk&after={keys[-1]}"),
        "customers, filtered and by id": get("/customers?risk=high&segment=2&sort=id"),
        "customers, by probability": get("/customers?sort=probability"),
        "customers, searched (three requests)": search,
        "one customer, gateway away": get(f"/customers/{keys[0]}"),
        "segments": get("/segments"),
        "models": get("/models"),
    }


def _milliseconds(ask: Callable[[httpx.Client], httpx.Response], client: httpx.Client) -> float:
    begun = time.perf_counter()
    ask(client).raise_for_status()
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    main()
