"""Keeps a file under a name, whole or not at all, and never in place of another. It must not know what is in it."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from churn_data.errors import DataError
from churn_data.locations import Location, ObjectLocation


def is_kept(place: Location) -> bool:
    """Whether there is a file already.

    Raises:
        DataError, Unavailable: object storage cannot be asked.
    """
    if isinstance(place, Path):
        return place.is_file()
    from churn_data.object_storage import objects_below

    return any(key == place.key for key, _ in objects_below(place))


def keep_file(path: Path, target: Location) -> None:
    """Keep it: an object is there when its upload has ended, a file when it gets its name.

    Raises:
        DataError, Unavailable: it cannot be written.
    """
    if isinstance(target, ObjectLocation):
        from churn_data.object_storage import upload

        upload(path, target)
        return
    part = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, part)
        part.rename(target)
    except OSError as error:
        raise DataError(str(target), f"cannot be written ({error.strerror})") from error
    finally:
        with suppress(OSError):
            part.unlink()
