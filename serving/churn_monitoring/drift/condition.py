"""Drift as a condition in the form of Kubernetes (type, status, reason, message, last transition), for whoever decides
whether to train again.

It lies in a ConfigMap, since no resource of a cluster stands for a model in a log. It must not know how one is written.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from churn_monitoring.drift.report import sentence

TYPE = "Drifted"
TRUE, FALSE, UNKNOWN = "True", "False", "Unknown"
_MESSAGE = 1_000


def condition_of(
    document: Mapping[str, Any], digest: str, former: Mapping[str, str] | None, now: float
) -> dict[str, str]:
    """The condition as the data of a ConfigMap.

    Args:
        document: what the watch reports.
        digest: of the model that is watched.
        former: the data that are there; the moment of the last transition stays while the status of a model does.
        now: seconds since 1970.
    """
    status = {True: TRUE, False: FALSE, None: UNKNOWN}[document["drift"]]
    moment = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    stays = former is not None and (former.get("status"), former.get("model")) == (status, digest)
    since = former.get("lastTransitionTime", moment) if former is not None and stays else moment
    reason = {TRUE: "DriftFound", FALSE: "NoDriftFound", UNKNOWN: "ProfileMissing"}[status]
    told = "; ".join(sentence(drift) for drift in document["drifted"])
    return {
        "type": TYPE,
        "status": status,
        "reason": reason,
        "message": (told or document.get("reason") or "customers are those of the training")[:_MESSAGE],
        "features": ",".join(drift["column"] for drift in document["drifted"] if drift["feature"]),
        "model": digest,
        "lastTransitionTime": since,
        "lastProbeTime": moment,
    }
