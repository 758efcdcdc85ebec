"""``python -m churn_serving.gateway.api_keys new --id NAME``: make an API key for a caller.

The key is printed once and kept nowhere; the gateway gets its SHA-256 alone.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from churn_serving.gateway.key_file import KeyFileError, add_key, entry_for, new_key

_BAD_INPUT = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0, or 2 with one line on stderr."""
    options = _parser().parse_args(arguments)
    key = new_key()
    try:
        entry = entry_for(key, options.id, _moment(options.expires))
        if options.file is not None:
            add_key(options.file, entry)
    except KeyFileError as error:
        sys.stderr.write(f"api_keys: {error}\n")
        return _BAD_INPUT
    except OSError as error:
        sys.stderr.write(f"api_keys: {options.file}: {error.strerror}\n")
        return _BAD_INPUT
    sys.stdout.write(f"{key}\n")
    if options.file is None:
        sys.stdout.write(msgspec.json.encode(entry).decode() + "\n")
        sys.stderr.write('The first line is the key, shown only now; the second is its entry under "keys".\n')
    else:
        sys.stderr.write(f"{options.id} is in {options.file}; its key is shown only now.\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m churn_serving.gateway.api_keys", description="The gateway's keys.")
    new = parser.add_subparsers(dest="command", required=True).add_parser("new", help="make a key for a caller")
    new.add_argument("--id", required=True, help="the caller's name in the request log")
    new.add_argument("--file", type=Path, help="key file to add it to (default: print the entry)")
    new.add_argument("--expires", help="last moment of the key, ISO 8601 with a time zone, as 2027-01-01T00:00:00Z")
    return parser


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise KeyFileError("--expires: expected a moment as 2027-01-01T00:00:00Z") from None
    if moment.tzinfo is None:
        raise KeyFileError("--expires: the time zone is missing, as the Z in 2027-01-01T00:00:00Z")
    return moment


if __name__ == "__main__":
    sys.exit(main())
