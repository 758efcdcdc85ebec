"""Object storage by the S3 protocol: the one module that imports boto3.

Address and credentials come from the usual variables (AWS_ENDPOINT_URL_S3, else MLFLOW_S3_ENDPOINT_URL;
AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_DEFAULT_REGION). What goes wrong becomes one line that names the object.
It must not know what objects mean.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
)

from churn_data.errors import DataError, Unavailable, glimpse
from churn_data.locations import ObjectLocation

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import ListObjectsV2OutputTypeDef, ObjectTypeDef

# An address that swallows packets is given up after about half a minute, all attempts together.
CONNECT_SECONDS = 3.0
READ_SECONDS = 60.0
ATTEMPTS = 6
"""With growing pauses, a quarter of a minute in all: a network policy may let a new pod out that late."""

_PROBLEMS = {
    "404": "there is no such object, or no such bucket",
    "NoSuchKey": "there is no such object",
    "NoSuchBucket": "there is no such bucket",
    "403": "access denied; check AWS_ACCESS_KEY_ID and what it may do there",
    "AccessDenied": "access denied; check what AWS_ACCESS_KEY_ID may do there",
    "InvalidAccessKeyId": "AWS_ACCESS_KEY_ID is not known there",
    "SignatureDoesNotMatch": "AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID",
}
_SERVER_ERROR = 500


def storage(attempts: int = ATTEMPTS, read_seconds: float = READ_SECONDS) -> "S3Client":
    """A client as the environment says now, which makes so many attempts at a call; each of them is given up when the
    storage has said nothing for so long.

    Raises:
        DataError: the address is not one.
    """
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_seconds,
        retries={"total_max_attempts": attempts, "mode": "standard"},
    )
    region = os.environ.get("AWS_DEFAULT_REGION") or os.environ.get("AWS_REGION") or "us-east-1"
    try:
        # A session of its own reads the environment anew; boto3's default one keeps what it saw first.
        session = boto3.session.Session()
        return session.client("s3", endpoint_url=_endpoint(), region_name=region, config=config)
    except ValueError:
        raise DataError("AWS_ENDPOINT_URL_S3", f"{glimpse(_endpoint() or '')!r} is not an address") from None


def _endpoint() -> str | None:
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("MLFLOW_S3_ENDPOINT_URL") or None


def download(place: ObjectLocation, path: Path, expect: Callable[[int], None], advance: Callable[[int], None]) -> None:
    """Write an object to a file; `expect` is told its size in bytes and `advance` how many have come.

    Raises:
        DataError, Unavailable: one line that names the object.
    """
    with storage_errors(place):
        client = storage()
        expect(client.head_object(Bucket=place.bucket, Key=place.key)["ContentLength"])
        with path.open("wb") as stream:
            client.download_fileobj(place.bucket, place.key, stream, Callback=advance)


def upload(path: Path, place: ObjectLocation) -> None:
    """Store a file as an object, in place of one that is there.

    Raises:
        DataError, Unavailable: one line that names the object.
    """
    with storage_errors(place), path.open("rb") as stream:
        storage().upload_fileobj(stream, place.bucket, place.key)


@dataclass(frozen=True)
class Stored:
    """An object: its key, what tells its content from another, and when it was written (seconds since 1970)."""

    key: str
    version: str
    written: float


def objects_below(place: ObjectLocation, client: "S3Client | None" = None) -> list[tuple[str, str]]:
    """Keys of the objects whose keys begin with the place's, in order, each with what tells its content from another;
    by a `client` that somebody keeps, or a new one, here as below.

    Raises:
        DataError, Unavailable: one line that names the place.
    """
    return [(each.key, each.version) for each in stored_below(place, client)]


def stored_below(place: ObjectLocation, client: "S3Client | None" = None) -> list[Stored]:
    """The objects whose keys begin with the place's, in the order of their keys.

    Raises:
        DataError, Unavailable: one line that names the place.
    """
    with storage_errors(place):
        pages = (client or storage()).get_paginator("list_objects_v2").paginate(Bucket=place.bucket, Prefix=place.key)
        try:
            found = [
                Stored(each["Key"], each["ETag"].strip('"'), each["LastModified"].timestamp())
                for page in pages
                for each in _listed(page)
            ]
        except KeyError:
            raise _no_storage(place) from None
    return sorted(found, key=lambda each: each.key)


def content_of(place: ObjectLocation, ranged: str | None = None, client: "S3Client | None" = None) -> bytes | None:
    """An object's content, or a range of it ("bytes=-8" are its last eight); None where there is no such object.

    Raises:
        DataError, Unavailable: one line that names the object.
    """
    with storage_errors(place):
        try:
            client = client or storage()
            if ranged:
                return client.get_object(Bucket=place.bucket, Key=place.key, Range=ranged)["Body"].read()
            return client.get_object(Bucket=place.bucket, Key=place.key)["Body"].read()
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in ("404", "NoSuchKey"):
                return None
            raise


def put(content: bytes, place: ObjectLocation, client: "S3Client | None" = None) -> None:
    """Store a small object, in place of one that is there.

    Raises:
        DataError, Unavailable: one line that names the object.
    """
    with storage_errors(place):
        stored = (client or storage()).put_object(Bucket=place.bucket, Key=place.key, Body=content)
    if not stored.get("ETag"):
        raise _no_storage(place)


def delete(place: ObjectLocation, client: "S3Client | None" = None) -> None:
    """Take an object away; one that is not there is fine.

    Raises:
        DataError, Unavailable: one line that names the object.
    """
    with storage_errors(place):
        (client or storage()).delete_object(Bucket=place.bucket, Key=place.key)


def _listed(page: "ListObjectsV2OutputTypeDef") -> "list[ObjectTypeDef]":
    """What a page lists. Object storage names the bucket on each; a page that does not was made by somebody else, and
    that nothing is there must not be believed of it.

    Raises:
        KeyError: it is no such page.
    """
    if not page["Name"]:
        raise KeyError("Name")
    return page.get("Contents", [])


def _no_storage(place: ObjectLocation) -> Unavailable:
    """What is said of a gate, or a page to sign in, that answers everything with 200 in place of object storage."""
    return Unavailable(f"{place}: what answers at {_endpoint() or 'AWS'} does not speak as object storage does")


@contextmanager
def storage_errors(place: ObjectLocation | str) -> Iterator[None]:
    """What object storage refuses, or that it does not answer, as one line about this place.

    Raises:
        DataError: it refused, or this machine has no room.
        Unavailable: it does not answer, or failed itself.
    """
    try:
        yield
    except (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError):
        problem = "no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        raise DataError(str(place), problem) from None
    except ParamValidationError:
        raise DataError(str(place), "is not the name of a bucket and an object") from None
    except ClientError as error:
        raise _refused(str(place), error) from None
    except (BotoCoreError, Boto3Error) as error:
        where = _endpoint() or "AWS"
        line = f"{place}: the object storage at {where} does not answer ({type(error).__name__})"
        raise Unavailable(line) from error
    except OSError as error:
        raise DataError(str(place), f"cannot be kept on this machine ({error.strerror or error})") from None


def _refused(place: str, error: ClientError) -> DataError | Unavailable:
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status >= _SERVER_ERROR:
        return Unavailable(f"{place}: the object storage failed ({status} {glimpse(code)})")
    return DataError(place, _PROBLEMS.get(code) or f"the object storage refused ({status} {glimpse(code)})")
