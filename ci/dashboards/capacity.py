"""How much is asked, how much is waiting, what that takes of the machine: when to add pods, and whether it helps."""

from grafana_foundation_sdk.models import dashboard as models

from churn_serving.telemetry import names
from ci.dashboards.layout import Row, dashboard
from ci.dashboards.panels import Panel, Scale, Series, figure, graph
from ci.dashboards.queries import age, largest, mean, quantile, rate, select, share, total

_PROCESS = "job, instance"


def build() -> models.Dashboard:
    """The dashboard of those who plan."""
    rows = [
        Row("Now", _figures()),
        Row("Load", [_gateways(), _servers(), _spread()]),
        Row("Waiting", [_waiting(), _large(), _queued(), _in_flight(), _lag(), _shed()]),
        Row("Calls to models", [_rows(), _server_rows(), _server_latency()]),
        Row("The machine", [_cpu(), _memory(), _files(), _uptime()]),
    ]
    description = "Load by process, queues, batches, processor, memory and files."
    return dashboard("churn-capacity", "capacity", description, rows)


def _by_component(expression: str) -> str:
    """A gauge or a rate of processes, by what kind of process each is."""
    kinds = select(names.BUILD_INFO)
    return f"sum by ({names.COMPONENT}) ({expression} * on ({_PROCESS}) group_left ({names.COMPONENT}) {kinds})"


def _cpu_rate() -> str:
    return f"rate({select(names.PROCESS_CPU_SECONDS)}[$__rate_interval])"


def _figures() -> list[Panel]:
    processes = f"count by ({names.COMPONENT}) ({select(names.BUILD_INFO)})"
    busiest = f"max({_cpu_rate()})"
    lag = ((None, "green"), (0.02, "orange"), (0.05, "red"))
    return [
        figure(
            "Requests",
            "Requests answered in a second by all gateways.",
            "reqps",
            Series(rate(names.REQUESTS), "requests"),
            width=5,
        ),
        figure(
            "Processes",
            "Processes that Prometheus reads, by kind.",
            "short",
            Series(processes, "{{component}}"),
            width=9,
        ),
        figure(
            "Busiest process",
            "Processor seconds a second; each of these processes can use one.",
            "percentunit",
            Series(busiest, "cores"),
            width=5,
            steps=((None, "green"), (0.6, "orange"), (0.85, "red")),
        ),
        figure(
            "Event loop late",
            "The worst gateway's; above 50 ms it has more to do than it can.",
            "s",
            Series(largest(names.LOOP_LAG), "late"),
            width=5,
            steps=lag,
        ),
    ]


def _gateways() -> Panel:
    words = "Requests a second of each gateway. Pods that get less than others keep few of the callers' connections."
    return graph("Requests by gateway", words, "reqps", Series(rate(names.REQUESTS, by="instance"), "{{instance}}"))


def _servers() -> Panel:
    words = "Calls a second to each model server; one call may answer several requests."
    served = rate(names.MODEL_SERVER_REQUESTS, by=f"instance, {names.PROTOCOL}")
    return graph("Calls by model server", words, "ops", Series(served, "{{instance}} {{protocol}}"))


def _spread() -> Panel:
    words = "Busiest over least busy gateway: 1 where all have the same. Above 1.3 for long, connections are uneven."
    by_gateway = rate(names.REQUESTS, by="instance")
    return graph(
        "Spread over gateways", words, "short", Series(f"max({by_gateway}) / min({by_gateway})", "most / least")
    )


def _waiting() -> Panel:
    words = "Requests inside each gateway. It refuses more once it could not answer them in time."
    return graph(
        "Requests inside", words, "short", Series(total(names.REQUESTS_WAITING, by="instance"), "{{instance}}")
    )


def _large() -> Panel:
    words = "Customers of large requests inside each gateway; they are answered chunk by chunk."
    return graph(
        "Customers of large requests",
        words,
        "short",
        Series(total(names.LARGE_ROWS_WAITING, by="instance"), "{{instance}}"),
    )


def _queued() -> Panel:
    words = "Requests, or chunks of large ones, that wait for a call that is under way."
    queued = total(names.BACKEND_QUEUE, by=f"{names.BACKEND}, {names.LANE}")
    return graph("Waiting for a backend", words, "short", Series(queued, "{{backend}} {{lane}}"))


def _in_flight() -> Panel:
    words = "Calls under way to each backend, of all gateways."
    calls = total(names.BACKEND_IN_FLIGHT, by=f"{names.BACKEND}, {names.LANE}")
    return graph("Calls under way", words, "short", Series(calls, "{{backend}} {{lane}}"))


def _lag() -> Panel:
    words = "How late each gateway's event loop keeps being; an alert is sent at 50 ms."
    steps = ((None, "transparent"), (0.05, "red"))
    return graph(
        "Event loop late",
        words,
        "s",
        Series(largest(names.LOOP_LAG, by="instance"), "{{instance}}"),
        scale=Scale(steps),
    )


def _shed() -> Panel:
    words = "Requests refused early, by reason: demand that was not met."
    return graph("Refused early", words, "reqps", Series(rate(names.SHED, by=names.REASON), "{{reason}}"))


def _rows() -> Panel:
    words = "Customers in one call, on average: it grows with load, which is why latency does not."
    return graph("Customers a call", words, "short", Series(mean(names.BATCH_ROWS, by=names.BACKEND), "{{backend}}"))


def _server_rows() -> Panel:
    words = "Customers in one evaluation of a model, on average, by model server."
    return graph(
        "Customers an evaluation",
        words,
        "short",
        Series(mean(names.MODEL_SERVER_BATCH_ROWS, by="instance"), "{{instance}}"),
    )


def _server_latency() -> Panel:
    words = "99 % of calls took a model server at most so long, from arrival to answer."
    slow = quantile(0.99, names.MODEL_SERVER_SECONDS, by=f"instance, {names.PROTOCOL}")
    return graph("Inside model servers, 99 %", words, "s", Series(slow, "{{instance}} {{protocol}}"))


def _cpu() -> Panel:
    words = "Processor seconds a second, by kind of process. What a gateway reads large bodies with is not among it."
    return graph("Processor", words, "short", Series(_by_component(_cpu_rate()), "{{component}}"), width=6)


def _memory() -> Panel:
    words = "Resident memory of each process. It stays level; a slope is a leak."
    return graph(
        "Memory", words, "bytes", Series(largest(names.PROCESS_MEMORY, by=_PROCESS), "{{job}} {{instance}}"), width=6
    )


def _files() -> Panel:
    words = "Share of the files and sockets that a process may have open."
    part, whole = largest(names.PROCESS_OPEN_FILES, by=_PROCESS), largest(names.PROCESS_MAXIMUM_FILES, by=_PROCESS)
    return graph("Open files", words, "percentunit", Series(share(part, whole), "{{job}} {{instance}}"), width=6)


def _uptime() -> Panel:
    words = "Since each process began: a line that falls to zero is a restart."
    return graph("Uptime", words, "s", Series(age(names.PROCESS_START, by=_PROCESS), "{{job}} {{instance}}"), width=6)
