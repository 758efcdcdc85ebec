"""Programs that are on a machine or not: who tests at home goes without, continuous integration does not."""

import os
import shutil

import pytest

NONE_MISSING = "TESTS_NONE_MISSING"
"""Set where every program has to be there (`ci/test --others`), so that no test is left out unseen."""


def needed(program: str) -> str:
    """Where a program is. A test that needs one that is not there is skipped, or fails where none may be missing."""
    found = shutil.which(program)
    if found is not None:
        return found
    if os.environ.get(NONE_MISSING):
        pytest.fail(f"{program} is not on this machine, and {NONE_MISSING} says that it has to be")
    pytest.skip(f"{program} is not on this machine")
