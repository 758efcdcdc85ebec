"""Decides which of a session's mutants are tried: those that ask something new, all of them or a fixed sample.

Nothing inside an annotation, since annotations are not evaluated. Of the eleven other operators that can stand for an
arithmetic one, its opposite; of the seven for a comparison, its negation and its boundary: the others are noticed by
the same tests and would only raise the score. Runs in the tool's own environment, by `mutate.py`: `choose.py SESSION
--sample N --seed S`, with N = 0 for all. What is not tried is marked as skipped in the session. Prints one JSON object
with the counts.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from cosmic_ray.work_db import use_db
from cosmic_ray.work_item import WorkerOutcome, WorkResult

Place = tuple[int, int]

# Operators by the tool's names, and what is put in their place.
ARITHMETIC: Mapping[str, Sequence[str]] = {
    "Add": ("Sub",),
    "Sub": ("Add",),
    "Mul": ("Div",),
    "Div": ("Mul",),
    "FloorDiv": ("Mul",),
    "Mod": ("Mul",),
    "Pow": ("Mul",),
    "LShift": ("RShift",),
    "RShift": ("LShift",),
    "BitAnd": ("BitOr",),
    "BitOr": ("BitAnd",),
    "BitXor": ("BitAnd",),
}
COMPARISON: Mapping[str, Sequence[str]] = {
    "Eq": ("NotEq",),
    "NotEq": ("Eq",),
    "Lt": ("GtE", "LtE"),
    "LtE": ("Gt", "Lt"),
    "Gt": ("LtE", "GtE"),
    "GtE": ("Lt", "Gt"),
    "Is": ("IsNot",),
    "IsNot": ("Is",),
    "In": ("NotIn",),
    "NotIn": ("In",),
}
FAMILIES = {"core/ReplaceBinaryOperator": ARITHMETIC, "core/ReplaceComparisonOperator": COMPARISON}


def main() -> int:
    """Mark what is not tried."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("session")
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with use_db(arguments.session) as session:
        items = sorted(session.work_items, key=identity)
        meant = [item for item in items if asks_something(item.mutations[0])]
        tried = sampled(meant, arguments.sample, arguments.seed)
        kept = {item.job_id for item in tried}
        for item in items:
            if item.job_id not in kept:
                session.set_result(item.job_id, WorkResult(worker_outcome=WorkerOutcome.SKIPPED))
    sys.stdout.write(json.dumps({"mutants": len(meant), "tried": len(tried)}) + "\n")
    return 0


def identity(item: Any) -> tuple[Any, ...]:
    """What a mutant is, whatever number the session gave it: the same source gives the same sample."""
    mutation = item.mutations[0]
    place = (str(mutation.module_path), mutation.start_pos, mutation.operator_name)
    return (*place, mutation.occurrence, json.dumps(mutation.operator_args, sort_keys=True))


def sampled(items: list[Any], size: int, seed: int) -> list[Any]:
    """As many as that, drawn by the seed; all for 0."""
    return random.Random(seed).sample(items, size) if 0 < size < len(items) else items


def asks_something(mutation: Any) -> bool:
    """Whether a mutant can change behaviour in a way that no other mutant of the same place stands for."""
    family, _, operators = mutation.operator_name.partition("_")
    if family in FAMILIES:
        old, new = operators.split("_")
        if new not in FAMILIES[family][old]:
            return False
    return not in_annotation(mutation)


def in_annotation(mutation: Any) -> bool:
    """Whether nothing that runs would change: every module imports annotations from `__future__`."""
    return any(begin <= mutation.start_pos < end for begin, end in annotated(mutation.module_path))


@cache
def annotated(path: Path) -> list[tuple[Place, Place]]:
    """Where a module's annotations begin and end."""
    found: list[tuple[Place, Place]] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for name in ("annotation", "returns"):
            noted = getattr(node, name, None)
            if isinstance(noted, ast.expr):
                found.append(
                    ((noted.lineno, noted.col_offset), (noted.end_lineno or 0, noted.end_col_offset or 0)),
                )
    return found


if __name__ == "__main__":
    raise SystemExit(main())
