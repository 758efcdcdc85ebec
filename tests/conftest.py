"""Fixtures that several folders share, each plugin says what it is for; signals as a terminal would leave them."""

import gc
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = [
    "sample_package",
    "real_data",
    "real_processes",
    "unseen_pictures",
    "trained_models",
    "shared_cases",
    "trusted_authorities",
]

# A shell starts what it puts into the background with Ctrl-C ignored, and processes hand that on to those they start:
# the tests of Ctrl-C would then test the shell.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes is a claim about the machine, and no test makes one; else as Hypothesis has it, here and in
# continuous integration.
settings.register_profile("untimed", parent=settings.default, deadline=None)
settings.load_profile("untimed")

# A process takes a file at a time: what takes long begins first, so that none is left alone with it at the end. What
# keeps processors busy and must be answered in time all the same comes last, when least runs beside it.
FIRST = (
    "contract/test_every_scorer.py",
    "cli",
    "integration",
    "web",
    "contract",
    "protocol",
    "local",
    "backends",
    "ci",
)
LAST = ("integration/test_large_requests.py",)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Modules that are loaded stay: they are walked through for what can be freed neither meanwhile nor by any test."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    root = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        path = item.path.relative_to(root).as_posix()
        if path in LAST:
            return len(FIRST) + 1
        return next((number for number, first in enumerate(FIRST) if path.startswith(first)), len(FIRST))

    items.sort(key=place)
