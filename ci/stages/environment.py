"""Which variables a stage sees: one answer for what runs it and for what remembers with which it was run."""

import os

# Libraries come without bytecode, and stages start hundreds of Python processes: where none may keep what it has
# compiled, each compiles all of it again, which takes more of a processor than the tests themselves.
_NOT_FOR_STAGES = {"PYTHONDONTWRITEBYTECODE"}
# OpenMP's threads compute on while they wait for their next piece of work, on processors that other stages could use.
# Programs of Go, helm hundreds of times and a whole cluster among them, tidy their memory up at once by default, which
# is a quarter of what helm takes of a processor; here there is more memory than processors.
_FOR_STAGES = {"PYTHONUNBUFFERED": "1", "OMP_WAIT_POLICY": "PASSIVE", "GOGC": "400"}


def taken_over() -> dict[str, str]:
    """Variables of the caller that a stage sees."""
    return {name: value for name, value in os.environ.items() if name not in _NOT_FOR_STAGES}


def of_a_stage() -> dict[str, str]:
    """All variables of a stage."""
    return {**taken_over(), **_FOR_STAGES}
