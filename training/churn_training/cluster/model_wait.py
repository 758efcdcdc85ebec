"""Waits until the starter model lies whole in object storage: an init container of the primary, before KServe's own.

At an installation the model is uploaded while the primary starts; without this the primary's pods would fail until
then. It is patience and nothing else: whatever it sees, it ends well, and the storage initializer behind it says what
is wrong in the words that people and KServe look for. A wrong key is not waited for, since time does not mend it.
"""

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from botocore import exceptions

from churn_data.errors import DataError
from churn_data.locations import SCHEME, ObjectLocation, location
from churn_data.object_storage import storage

PAUSE_SECONDS = 1.0
_MENDED_BY_TIME = frozenset({"NoSuchKey", "NoSuchBucket", "AccessDenied", "404", "ServiceUnavailable", "InternalError"})
"""The bucket, the right to read it and the model itself come one after another."""


@dataclass(frozen=True)
class ModelWaitSettings:
    """Environment CHURN_MODEL_WAIT_<NAME>: the folder of the model, and for how many seconds to wait."""

    place: ObjectLocation
    seconds: float

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "ModelWaitSettings":
        """Read the settings.

        Raises:
            DataError: one is missing or not usable; the text names it.
        """
        uri = environment.get("CHURN_MODEL_WAIT_URI", "")
        place = location(uri)
        if not isinstance(place, ObjectLocation) or not place.key.endswith("/"):
            raise DataError("CHURN_MODEL_WAIT_URI", f"{uri!r} is not {SCHEME}bucket/folder/")
        text = environment.get("CHURN_MODEL_WAIT_SECONDS") or "240"
        try:
            return cls(place, float(text))
        except ValueError:
            raise DataError("CHURN_MODEL_WAIT_SECONDS", f"{text!r} is not a number") from None


def wait(settings: ModelWaitSettings, say: Callable[[str], None]) -> None:
    """Return when the model is there, when waiting will not help, or when time is up."""
    deadline = time.monotonic() + settings.seconds
    said = ""
    while True:
        missing, mended_by_time = _missing(settings.place)
        if not missing:
            say(f"{settings.place}: the model is there")
            return
        if not mended_by_time or time.monotonic() > deadline:
            say(f"{settings.place}: {missing}; going on without it")
            return
        if missing != said:
            say(f"{settings.place}: {missing}; waiting")
            said = missing
        time.sleep(PAUSE_SECONDS)


def _missing(place: ObjectLocation) -> tuple[str, bool]:
    """What is missing (empty: nothing), and whether it may come by itself."""
    try:
        client = storage(attempts=1)
        manifest = client.get_object(Bucket=place.bucket, Key=f"{place.key}manifest.json")["Body"].read()
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=place.bucket, Prefix=place.key)
        there = {found["Key"].removeprefix(place.key) for page in pages for found in page.get("Contents", ())}
        lacking = {*json.loads(manifest)["files"], "signature"} - there
    except exceptions.ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "")) or "refused"
        return code, code in _MENDED_BY_TIME
    except exceptions.BotoCoreError as error:
        return type(error).__name__, isinstance(error, exceptions.ConnectionError | exceptions.HTTPClientError)
    except (ValueError, KeyError, TypeError):
        return "its manifest cannot be read", False
    return ", ".join(sorted(lacking)), True
