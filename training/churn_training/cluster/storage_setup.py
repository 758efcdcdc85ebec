"""Prepares object storage for a release: buckets, who may do what, and the starter model.

Runs again at every change; what is there already is left as it is. A model's address is immutable: other bytes under it
are never written over.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from churn_data.errors import DataError, Unavailable
from churn_data.locations import SCHEME, ObjectLocation, location
from churn_data.object_storage import storage, storage_errors
from churn_model.manifest import MANIFEST, SIGNATURE
from churn_training.cluster.policies import Users, data_policy, models_policy

PAUSE_SECONDS = 2.0
Say = Callable[[str], None]


class _UnknownUser(Unavailable):
    """A policy names somebody whom the storage does not know, or not yet: trying again may help."""


@dataclass(frozen=True)
class StorageSettings:
    """Environment CHURN_STORAGE_<NAME>. `users` is None where this process administers nothing, and `starter` where
    there is no model to upload."""

    models: str
    data: str
    users: Users | None
    starter: Path | None
    target: ObjectLocation | None
    wait_seconds: float

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "StorageSettings":
        """Read the settings.

        Raises:
            DataError: one is missing or not usable; the text names it.
        """
        starter = environment.get("CHURN_STORAGE_STARTER", "/starter/package")
        uri = environment.get("CHURN_STORAGE_STARTER_URI", "")
        return cls(
            models=environment.get("CHURN_STORAGE_MODELS_BUCKET") or "churn-models",
            data=environment.get("CHURN_STORAGE_DATA_BUCKET") or "churn-data",
            users=_users(environment) if _administers(environment) else None,
            starter=Path(starter) if starter and uri else None,
            target=_target(uri) if starter and uri else None,
            wait_seconds=_seconds(environment),
        )


def _administers(environment: Mapping[str, str]) -> bool:
    text = environment.get("CHURN_STORAGE_ADMINISTER") or "true"
    if text not in ("true", "false"):
        raise DataError("CHURN_STORAGE_ADMINISTER", f"{text!r} is neither true nor false")
    return text == "true"


def _users(environment: Mapping[str, str]) -> Users:
    found: dict[str, str] = {}
    for consumer in ("serving", "training", "mlflow"):
        name = f"CHURN_STORAGE_{consumer.upper()}_USER"
        found[consumer] = environment.get(name, "")
        if not found[consumer]:
            raise DataError(name, "must be set where CHURN_STORAGE_ADMINISTER is true")
    log, monitoring, marketing = (
        environment.get(f"CHURN_STORAGE_{name}_USER") or None for name in ("PREDICTION_LOG", "MONITORING", "MARKETING")
    )
    shown = location(environment.get("CHURN_STORAGE_MARKETING_CUSTOMERS", ""))
    customers = shown.key.strip("/") if isinstance(shown, ObjectLocation) else ""
    if marketing and not customers:
        raise DataError("CHURN_STORAGE_MARKETING_CUSTOMERS", "must be s3://bucket/folder/ where that user is given")
    return Users(**found, prediction_log=log, monitoring=monitoring, marketing=marketing, shown=customers)


def _target(uri: str) -> ObjectLocation:
    place = location(uri if uri.endswith("/") else f"{uri}/")
    if not isinstance(place, ObjectLocation) or not place.bucket or len(place.key) < len("x/"):
        raise DataError("CHURN_STORAGE_STARTER_URI", f"{uri!r} is not {SCHEME}bucket/folder/")
    return place


def _seconds(environment: Mapping[str, str]) -> float:
    text = environment.get("CHURN_STORAGE_WAIT_SECONDS") or "120"
    try:
        return float(text)
    except ValueError:
        raise DataError("CHURN_STORAGE_WAIT_SECONDS", f"{text!r} is not a number") from None


def set_up(settings: StorageSettings, say: Say) -> None:
    """Bring the storage to what the settings say; a second time changes nothing. `say` is told each step.

    Raises:
        DataError: refused, or the starter's address holds another model.
        Unavailable: the storage does not answer in time.
    """
    bucket = settings.target.bucket if settings.target is not None else settings.models
    _wait(settings.models if settings.users is not None else bucket, settings.wait_seconds, say)
    if settings.users is not None:
        _make_bucket(settings.models, say)
        _make_bucket(settings.data, say)
        _set_first_policy(settings, settings.users, say)
    if settings.starter is not None and settings.target is not None:
        _upload_starter(settings, settings.starter, settings.target, say)
    if settings.users is not None:
        _set_policy(settings.models, models_policy(settings.models, settings.users), say)


def _wait(bucket: str, seconds: float, say: Say) -> None:
    """Return when the storage answers anything; whether the bucket is there is seen later."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with storage_errors(f"{SCHEME}{bucket}"):
                storage().head_bucket(Bucket=bucket)
        except Unavailable as problem:
            if time.monotonic() > deadline:
                raise
            say(f"waiting: {problem}")
            time.sleep(PAUSE_SECONDS)
        except DataError:
            return
        else:
            return


def _make_bucket(bucket: str, say: Say) -> None:
    with storage_errors(f"{SCHEME}{bucket}"):
        client = storage()
        region = client.meta.region_name
        # The storage's own default region must not be named.
        where: Any = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        try:
            client.create_bucket(Bucket=bucket, **where)
        except ClientError as error:
            if error.response["Error"]["Code"] != "BucketAlreadyOwnedByYou":
                raise
            say(f"bucket {bucket}: there already")
        else:
            say(f"bucket {bucket}: made")


def _set_first_policy(settings: StorageSettings, users: Users, say: Say) -> None:
    """Wait for users as long as for the storage: where one was added to its Secret a moment ago, it reaches the
    storage's file within a minute or so."""
    deadline = time.monotonic() + settings.wait_seconds
    while True:
        try:
            _set_policy(settings.data, data_policy(settings.data, users), say)
        except _UnknownUser as problem:
            if time.monotonic() > deadline:
                raise
            say(f"waiting: {problem}")
            time.sleep(PAUSE_SECONDS)
        else:
            return


def _set_policy(bucket: str, policy: dict[str, object], say: Say) -> None:
    with storage_errors(f"policy of {SCHEME}{bucket}"):
        try:
            storage().put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
        except ClientError as error:
            found = error.response["Error"]
            if found.get("Code") == "MalformedPolicy" and "principal" in found.get("Message", "").lower():
                raise _UnknownUser(f"policy of {SCHEME}{bucket}: names a user that the storage does not know") from None
            raise
    say(f"bucket {bucket}: policy set")


def _upload_starter(settings: StorageSettings, starter: Path, target: ObjectLocation, say: Say) -> None:
    """Upload what is missing, and prove that all is there; serving cannot read a part of it."""
    if not (starter / MANIFEST).is_file():
        raise DataError(str(starter), "is no model package")
    files = {path.name: path.read_bytes() for path in sorted(starter.iterdir()) if path.is_file()}
    there = _digests(target)
    if _is_another(files, there, target):
        more = "this build's gets an address of its own by another tag, or by training.image.digest"
        say(f"{target}: holds the starter of another build of these images, which is served on; {more}")
        return
    missing = _missing(files, there, target)
    if not missing:
        say(f"{target}: there already")
        return
    if settings.users is not None and target.bucket == settings.models:
        _set_policy(settings.models, models_policy(settings.models, settings.users, closed=target.key), say)
    for name in missing:
        with storage_errors(f"{target}{name}"):
            storage().put_object(Bucket=target.bucket, Key=f"{target.key}{name}", Body=files[name])
    if _missing(files, _digests(target), target):
        raise Unavailable(f"{target}: what was stored a moment ago cannot be read back")
    say(f"{target}: {len(missing)} files uploaded")


def _digests(target: ObjectLocation) -> dict[str, str]:
    """The sha256 (hex) of what lies below an address, by name."""
    with storage_errors(target):
        pages = storage().get_paginator("list_objects_v2").paginate(Bucket=target.bucket, Prefix=target.key)
        keys = [found["Key"] for page in pages for found in page.get("Contents", ())]
        return {key.removeprefix(target.key): hashlib.sha256(_content(target.bucket, key)).hexdigest() for key in keys}


def _content(bucket: str, key: str) -> bytes:
    content: bytes = storage().get_object(Bucket=bucket, Key=key)["Body"].read()
    return content


def _is_another(files: Mapping[str, bytes], there: Mapping[str, str], target: ObjectLocation) -> bool:
    """Whether another package is there with all its files, as its own manifest has them; what can be pulled may be in
    use. Who serves it proves its signature."""
    if there.get(MANIFEST, "") in ("", hashlib.sha256(files[MANIFEST]).hexdigest()):
        return False
    with storage_errors(target):
        manifest = _content(target.bucket, f"{target.key}{MANIFEST}")
    try:
        named = dict(json.loads(manifest)["files"])
    except (ValueError, KeyError, TypeError):
        return False
    rest = {name: digest for name, digest in there.items() if name not in (MANIFEST, SIGNATURE)}
    return SIGNATURE in there and rest == named


def _missing(files: Mapping[str, bytes], there: Mapping[str, str], target: ObjectLocation) -> list[str]:
    """Names of files that are not there yet.

    Raises:
        DataError: something else is there under this address.
    """
    for name, digest in there.items():
        if name not in files or hashlib.sha256(files[name]).hexdigest() != digest:
            problem = "holds other bytes than this release's starter and is not written over; choose another address"
            raise DataError(f"{target}{name}", problem)
    return [name for name in files if name not in there]
