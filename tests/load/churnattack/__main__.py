"""Play one attack: `python -m churnattack NAME --gateway PORT … --seconds N`; prints what came back as one JSON object.

The API key is read from a file and the customer from a file of requests, so that neither stands on a command line.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import resource
import sys
import time
from pathlib import Path

from churnattack.attacks import ATTACKS
from churnattack.target import Attack, Tally, Target

LONGEST_SECONDS = 120.0
# After the end: what is still waiting for an answer is given up.
GRACE_SECONDS = 2.0


def main() -> int:
    """Play it."""
    arguments = parse()
    with arguments.bodies.open() as lines:
        features = json.loads(lines.readline())["customers"][0]["features"]
    attack = next(each for each in ATTACKS if each.name == arguments.attack)
    target = Target(
        gateway=arguments.gateway,
        grpc=arguments.grpc,
        primary=arguments.primary,
        primary_grpc=arguments.primary_grpc,
        model=arguments.model,
        key=arguments.key_file.read_text().strip(),
        features=features,
        ends=time.monotonic() + arguments.seconds,
    )
    tally = Tally()
    asyncio.run(play(attack, target, tally))
    used = resource.getrusage(resource.RUSAGE_SELF)
    document = {**tally.to_json(), "cpu_seconds": round(used.ru_utime + used.ru_stime, 2)}
    sys.stdout.write(json.dumps(document) + "\n")
    return 0


def parse() -> argparse.Namespace:
    """The command line; a mistake ends with 2 and one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("attack", choices=[attack.name for attack in ATTACKS])
    for door in ("gateway", "grpc", "primary", "primary-grpc"):
        parser.add_argument(f"--{door}", type=int, required=True, metavar="PORT")
    parser.add_argument("--model", required=True)
    parser.add_argument("--key-file", type=Path, required=True)
    parser.add_argument("--bodies", type=Path, required=True, help="requests to /v1/predictions, one a line")
    parser.add_argument("--seconds", type=float, required=True)
    arguments = parser.parse_args()
    if not 0 < arguments.seconds <= LONGEST_SECONDS:
        parser.error(f"--seconds: more than 0, at most {LONGEST_SECONDS:g}")
    return arguments


async def play(attack: Attack, target: Target, tally: Tally) -> None:
    """The attack until it is over, and not a moment longer."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(target.left + GRACE_SECONDS):
            await attack.run(target, tally)


if __name__ == "__main__":
    raise SystemExit(main())
