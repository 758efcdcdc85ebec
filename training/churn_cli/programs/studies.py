"""What the programs that study the product share: their customers, counts that make sense, the answer in two forms."""

import argparse
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from churn_cli.terminal import answer, say
from churn_data.errors import DataError

NUMBER: dict[str, Any] = {"type": int, "metavar": "N"}
"""How an option that counts something is declared."""


def study_parser(name: str, description: str) -> argparse.ArgumentParser:
    """A parser with the options of every study of customers in a file; its own counts are for the caller to add."""
    parser = argparse.ArgumentParser(
        prog=f"python -m churn_cli.programs.{name}", description=description, allow_abbrev=False
    )
    parser.add_argument("--data", type=Path, required=True, metavar="FILE", help="labelled customers")
    parser.add_argument("--usecase", default="telecom", help="telecom, ecommerce, banking or a YAML file (%(default)s)")
    parser.add_argument("--workers", **NUMBER, default=min(2, os.cpu_count() or 1), help="processes (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    return parser


def check_counts(options: argparse.Namespace, fewest: Mapping[str, int]) -> None:
    """Refuse an option below its fewest.

    Raises:
        DataError: naming the option.
    """
    for option, least in fewest.items():
        given = getattr(options, option.removeprefix("--").replace("-", "_"))
        if given < least:
            raise DataError(option, f"is {given}, at least {least} was expected")


def tell(document: Mapping[str, Any], *, as_json: bool) -> None:
    """For people, and where asked for as one line of JSON in the end."""
    (say if as_json else answer)(json.dumps(document, indent=2))
    if as_json:
        answer(json.dumps(document))
