"""`churn simulate`."""

import argparse
from typing import Any

from churn_cli.terminal import show, written
from churn_data.files import file_sha256
from churn_data.local_files import is_replaced
from churn_data.simulate import write_simulated
from churn_model.usecase import load_usecase


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Write a file of simulated customers."""
    replaced = is_replaced(options.out)
    path = write_simulated(load_usecase(options.usecase), options.rows, options.seed, options.out)
    show(f"{written(path, replaced=replaced)}: {options.rows} simulated customers, seed {options.seed}", options)
    return {
        "file": str(path),
        "replaced": replaced,
        "rows": options.rows,
        "seed": options.seed,
        "sha256": file_sha256(path),
        "simulated": True,
    }
