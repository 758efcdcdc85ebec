"""What a training has come to, in a few lines for people, the same wherever it was trained.

It must not know how a model is trained; it reads what `--json` prints.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit


def summary(result: Mapping[str, Any]) -> str:
    """The result for people, simulated customers called so."""
    name = f"{result['name']} version {result['version']}"
    role = "champion" if result["champion"] else "registered, not champion"
    lines = [
        f"{name} ({role}): {_model(result)}",
        f"held out: {_measures(result)}",
        *_later(result.get("out_of_time")),
        f"{'champion' if result['champion'] else 'not champion'}: {reason_of(result['gate'])}",
        *_places(result.get("report"), result.get("mlflow")),
        result["digest"],
    ]
    return "\n".join(lines)


def reason_of(gate: Mapping[str, Any]) -> str:
    """Why the gate decided so, and where something overrules it, what."""
    reason, option = gate["reason"], gate.get("overruled_by")
    joined = " " if reason.endswith(".") else "; "
    return f"{reason}{joined}{option} promotes it all the same" if option else str(reason)


def from_here(result: Mapping[str, Any], namespace: str, port: str) -> str:
    """How a cluster's MLflow is reached at a port of this machine; empty unless its address is a cluster's own."""
    parts = urlsplit(result.get("mlflow", {}).get("address", ""))
    host = (parts.hostname or "").split(".")
    inside = bool(host[0]) and host != ["localhost"] and (len(host) == 1 or "svc" in host)
    if not inside:
        return ""
    command = f"kubectl --namespace {namespace} port-forward service/{host[0]} {port}:{parts.port or 80}"
    return (
        f"those addresses are the cluster's own; from here: {command}, then http://127.0.0.1:{port}/#{parts.fragment}"
    )


def _model(result: Mapping[str, Any]) -> str:
    data = result["data"]
    people = "simulated customers" if data["simulated"] else "customers"
    # Results of former releases say neither how many customers had the rows nor how many rows were learnt from.
    rows, count = data["rows"], data.get("customers", data["rows"])
    who = f"{rows} rows of {count} {people}" if count < rows else f"{rows} {people}"
    part = f"{data['learnt']} of " if data.get("learnt", rows) < data.get("learnable", 0) else ""
    return f"{result['winner']}, trained on {part}{who} of {data['source']}"


def _measures(result: Mapping[str, Any]) -> str:
    metrics = result["metrics"]
    words = f"ROC AUC {metrics['roc_auc']:.3f}, Brier {metrics['brier']:.3f}, log loss {metrics['log_loss']:.3f}"
    if not result.get("money", True):
        return words
    return f"{words}, expected profit per customer {metrics['empc']:.2f} (EMPC, by assumed effects)"


def _later(found: Mapping[str, Any] | None) -> list[str]:
    """One line on later customers, where something says who is later."""
    if not found:
        return []
    measured = ""
    if found["metrics"]:
        auc, random = found["metrics"]["roc_auc"], found["random"]["roc_auc"]
        measured = f"ROC AUC {auc:.3f}, {random:.3f} in random validation of the same; "
    believed = f"believed: {found['believed']} validation, since {found['why']}"
    return [f"customers from {found['since']} on: {measured}{believed}"]


def _places(report: str | None, mlflow: Mapping[str, str] | None) -> list[str]:
    """Empty for results of former releases, which did not say."""
    found = [f"report: {report}"] if report else []
    if mlflow:
        found += [f"MLflow: {mlflow['command']}"] if mlflow["command"] else []
        found.append(f"run:    {mlflow['address']}")
    return found
