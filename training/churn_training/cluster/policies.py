"""Who may do what with objects, as bucket policies: the least that each consumer needs.

Pure. It must not speak to a storage.
"""

from dataclasses import dataclass
from typing import Any

STARTER = "starter"
"""Folder of the models bucket that only an administrator writes to."""

SCORES = "scores"
"""Folder of the data bucket where answers of scoring go."""

SNAPSHOTS = "snapshots"
"""Folder of the data bucket where a run of training keeps the customers that it reads."""

PREDICTIONS = "predictions"
"""Folder of the data bucket where the prediction log's tables last."""

LABELS = "labels"
"""Folder of the data bucket where files of outcomes are put for monitoring, and of arms of campaigns."""

REPORTS = "reports"
"""Folder of the data bucket where reports on outcomes go."""

_REMEMBERED = ("_drift", "_outcomes")
"""Folders of the log in which monitoring keeps what it found out."""

_READ = ["s3:GetObject"]
_LIST = ["s3:ListBucket", "s3:GetBucketLocation"]
_WRITE = ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]

Policy = dict[str, Any]


@dataclass(frozen=True)
class Users:
    """Access key ids of the consumers; `prediction_log` where answers are kept, `monitoring` where they are read,
    `marketing` where scores are shown to people, with those customers below the prefix `shown` of the data bucket."""

    serving: str
    training: str
    mlflow: str
    prediction_log: str | None = None
    monitoring: str | None = None
    marketing: str | None = None
    shown: str = ""


def models_policy(bucket: str, users: Users, closed: str | None = None) -> Policy:
    """All read models; only training writes them, and it deletes nothing and does not touch the starter.

    `closed` is a prefix that serving and the app for people may not read yet, because a model under it is not complete.
    """
    showing = [users.marketing] if users.marketing else []
    readers = [users.serving, users.training, users.mlflow, *([users.monitoring] if users.monitoring else []), *showing]
    hidden = [_statement("Deny", [users.serving, *showing], _READ, f"{bucket}/{closed}*")] if closed else []
    return _policy(
        *hidden,
        _statement("Allow", readers, _LIST, bucket),
        _statement("Allow", readers, _READ, f"{bucket}/*"),
        _statement("Allow", [users.training], ["s3:ListBucketMultipartUploads"], bucket),
        _statement("Allow", [users.training], _WRITE, f"{bucket}/*"),
        _statement("Deny", [users.training], ["s3:PutObject"], f"{bucket}/{STARTER}/*"),
    )


def data_policy(bucket: str, users: Users) -> Policy:
    """Training reads customers and keeps what a run has read, and scoring with the same keys writes answers, each to a
    folder of its own; nobody else sees them. Who takes the prediction log there writes, lists and deletes in its
    folder, and reads nothing. Who looks back reads the log, labels and its own reports, and changes nothing that was
    answered. Who shows scores to people reads them and the customers who were scored, and writes nothing."""
    log = [] if users.prediction_log is None else _log_statements(bucket, users.prediction_log)
    looking = [] if users.monitoring is None else _monitoring_statements(bucket, users.monitoring)
    showing = [] if users.marketing is None else _marketing_statements(bucket, users.marketing, users.shown)
    return _policy(
        *log,
        *looking,
        *showing,
        _statement("Allow", [users.training], _LIST, bucket),
        _statement("Allow", [users.training], _READ, f"{bucket}/*"),
        *(_statement("Allow", [users.training], _WRITE, f"{bucket}/{each}/*") for each in (SCORES, SNAPSHOTS)),
    )


def _log_statements(bucket: str, user: str) -> list[dict[str, Any]]:
    listing = _statement("Allow", [user], ["s3:ListBucket"], bucket)
    listing["Condition"] = {"StringLike": {"s3:prefix": [f"{PREDICTIONS}/*"]}}
    writing = ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
    return [listing, _statement("Allow", [user], writing, f"{bucket}/{PREDICTIONS}/*")]


def _monitoring_statements(bucket: str, user: str) -> list[dict[str, Any]]:
    """It may list all of the bucket: who may not is told "denied" instead of "not there" of every object that is not,
    as S3 has it, and what is remembered is not there at first."""
    remembered = [f"{bucket}/{PREDICTIONS}/{folder}/*" for folder in _REMEMBERED]
    return [
        _statement("Allow", [user], _LIST, bucket),
        *(_statement("Allow", [user], _READ, f"{bucket}/{each}/*") for each in (PREDICTIONS, LABELS, REPORTS)),
        *(_statement("Allow", [user], [*_WRITE, "s3:DeleteObject"], each) for each in remembered),
        _statement("Allow", [user], _WRITE, f"{bucket}/{REPORTS}/*"),
    ]


def _marketing_statements(bucket: str, user: str, shown: str) -> list[dict[str, Any]]:
    listing = _statement("Allow", [user], ["s3:ListBucket"], bucket)
    listing["Condition"] = {"StringLike": {"s3:prefix": [f"{SCORES}/*", f"{shown}*"]}}
    return [
        listing,
        *(_statement("Allow", [user], _READ, f"{bucket}/{each}") for each in (f"{SCORES}/*", shown, f"{shown}/*")),
    ]


def _policy(*statements: dict[str, Any]) -> Policy:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _statement(effect: str, users: list[str], actions: list[str], resource: str) -> dict[str, Any]:
    return {
        "Effect": effect,
        "Principal": {"AWS": users},
        "Action": actions,
        "Resource": f"arn:aws:s3:::{resource}",
    }
