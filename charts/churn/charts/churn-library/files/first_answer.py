#!/usr/bin/env python3
"""What `helm install` waits for: every pod of the release is ready and the gateway answers as it should.

Runs in the gateway's image after everything has been made. Who is not ready when time is up, and why, is on stderr,
which helm shows. Arguments: those of ask_gateway.py, --release NAME, and --components NAME,... of it.
"""

import argparse
import sys
import time
from collections.abc import Sequence

import ask_gateway
import unready_pods

PAUSE_SECONDS = 1.0


def main() -> int:
    """Wait, say how it ended, and return the exit code."""
    options = ask_gateway.arguments(with_release=True)
    deadline = time.monotonic() + options.seconds
    while problems := waited_for(options.release, options.components) or unanswered(options):
        if time.monotonic() > deadline:
            complain(problems, options.seconds)
            return 1
        time.sleep(PAUSE_SECONDS)
    return 0


def unanswered(options: argparse.Namespace) -> list[str]:
    """What is wrong with the gateway's answers; an empty list if nothing is, after saying what it answered."""
    try:
        line = ask_gateway.examine(options)
    except ask_gateway.Refused as refused:
        if options.key or refused.args[1:] != (ask_gateway.UNAUTHORIZED,):
            return [str(refused)]
        line = "the gateway is ready; it wants an API key, and none is known here (secrets.existing.apiKeyInitial)"
    sys.stdout.write(f"{line}\n")
    return []


def waited_for(release: str, components: Sequence[str]) -> list[str]:
    """Pods that are not ready; an API server that does not answer is a problem too."""
    try:
        return unready_pods.unready(unready_pods.from_api_server(), release, components)
    except OSError as error:
        return [f"{unready_pods.SERVER}: {error}"]


def complain(problems: Sequence[str], seconds: float) -> None:
    """What a person reads under helm's own error."""
    sys.stderr.write(f"installed, but after {seconds:.0f} s not answering as it should:\n")
    sys.stderr.writelines(f"  {problem}\n" for problem in problems)


if __name__ == "__main__":
    sys.exit(main())
