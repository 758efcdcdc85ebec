"""`churn window`."""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from churn_cli.kept_files import is_kept, keep_file
from churn_cli.terminal import show
from churn_cli.window_making import make_window
from churn_data.errors import DataError
from churn_data.files import file_sha256
from churn_data.local_files import local_copy
from churn_model.usecase import load_usecase


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Make a window, unless it is there: whoever tries again reads the same bytes.

    Raises:
        DataError, UseCaseError, Unavailable: there is none to make, or it cannot be kept.
    """
    target = options.into
    if not target.name.endswith(".parquet"):
        raise DataError(str(target), "--into names no file that ends with .parquet")
    usecase, made = load_usecase(options.usecase), None
    if not is_kept(target):
        with tempfile.TemporaryDirectory(prefix="churn-") as folder:
            path = Path(folder) / target.name
            made = make_window(path, options, usecase, options.months)
            keep_file(path, target)
    with local_copy(target) as kept:
        digest = file_sha256(kept)
    words = f"{made.text()}\nkept as {target}" if made else f"{target} is there already and stays as it is"
    show(f"{words} (sha256 {digest})", options)
    return {"data": str(target), "sha256": digest, "made": made is not None, **(made.to_json() if made else {})}
