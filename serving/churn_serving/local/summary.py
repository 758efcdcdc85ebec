"""The text shown once everything is ready: what runs where, on whose customers, and one command to try.

Plain text, so that it can be read in a log and copied from a terminal.
"""

from collections.abc import Sequence
from pathlib import Path

from churn_serving.local.champion import Champion
from churn_serving.local.marketing import how_to_sign_in
from churn_serving.local.services import PROMETHEUS, ServiceSpec
from churn_serving.local.settings import key_file


def summary(champion: Champion, usecase: str, services: Sequence[ServiceSpec], logs: Path, seconds: float) -> str:
    """All of it. ``services[0]`` is the one that customers' questions go to."""
    learned = f"{champion.title}, use case {usecase}, fitted on {_customers(champion)}"
    keys = key_file()
    asking = f"Ask about one customer (CHURN_API_KEY=<a key that {keys} knows>)" if keys else "Ask about one customer"
    curl = champion.curl(services[0].addresses["HTTP"], with_key=bool(keys))
    parts = [
        f"Ready after {seconds:.1f} s: {learned}.",
        _table(services),
        f"{asking}:\n\n{curl}",
        how_to_sign_in(services, logs.parent),
        _how_it_does(services),
        f"Logs: {logs}    End all of it: Ctrl-C",
    ]
    return "\n" + "\n\n".join(filter(None, parts)) + "\n"


def _how_it_does(services: Sequence[ServiceSpec]) -> str:
    """Where whoever watches looks: the gateway's own page, and alerts where Prometheus runs; empty without either."""
    shown = services[0].addresses.get("metrics", "").removesuffix("metrics")
    prometheus = next((each.addresses["HTTP"] for each in services if each.name == PROMETHEUS), None)
    alerts = f"; what fires: {prometheus}/alerts" if prometheus else ""
    return f"See how it does: {shown}{alerts}" if shown else ""


def _customers(champion: Champion) -> str:
    data = champion.manifest.training_data
    if data.simulated:
        return f"{data.rows:,} SIMULATED customers (made up by a generator: no figure says anything about real ones)"
    return f"{data.rows:,} customers" + (f" of {data.source}, judged on others" if data.source else "")


def _table(services: Sequence[ServiceSpec]) -> str:
    labels = list(dict.fromkeys(label for service in services for label in service.addresses))
    rows = [["service", *labels]]
    rows += [[service.name, *(service.addresses.get(label, "") for label in labels)] for service in services]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
