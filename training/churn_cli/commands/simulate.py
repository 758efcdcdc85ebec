"""`churn simulate`."""

import argparse
from typing import Any

from churn_cli.terminal import show
from churn_data.files import file_sha256
from churn_data.simulate import write_simulated
from churn_model.usecase import load_usecase


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Write a file of simulated customers."""
    path = write_simulated(load_usecase(options.usecase), options.rows, options.seed, options.out)
    show(f"{path}: {options.rows} simulated customers, seed {options.seed}", options)
    return {
        "file": str(path),
        "rows": options.rows,
        "seed": options.seed,
        "sha256": file_sha256(path),
        "simulated": True,
    }
