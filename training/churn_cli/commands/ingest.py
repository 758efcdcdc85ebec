"""`churn ingest`."""

import argparse
from pathlib import Path
from typing import Any

from churn_cli.kept_files import is_kept, keep_file
from churn_cli.terminal import show
from churn_data.errors import DataError
from churn_data.files import file_sha256
from churn_data.local_files import local_copy
from churn_data.locations import Location, ObjectLocation


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Copy a file, unless its copy is there.

    Raises:
        DataError, Unavailable: it cannot be read, or not be kept.
    """
    target = _inside(options.into, options.data.name)
    made = not is_kept(target)
    if made:
        with local_copy(options.data) as path:
            keep_file(path, target)
    with local_copy(target) as kept:
        digest, size = file_sha256(kept), kept.stat().st_size
    words = f"{options.data} is kept as {target}" if made else f"{target} is there already and stays as it is"
    show(f"{words} ({size:,} bytes, sha256 {digest})", options)
    return {"data": str(target), "sha256": digest, "bytes": size, "made": made}


def _inside(folder: Location, name: str) -> Location:
    if not name:
        raise DataError(str(folder), "--data names no file")
    if isinstance(folder, Path):
        return folder / name
    return ObjectLocation(folder.bucket, f"{folder.key.rstrip('/')}/{name}".lstrip("/"))
