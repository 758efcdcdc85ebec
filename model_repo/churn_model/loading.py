"""Loading libraries without looking for what is to be freed, then or later.

A large library makes some hundred thousand objects that all stay; the collector walks through them again and again as
their number grows, which is a fifth of what loading MLflow takes. It must not know which libraries those are.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collecting() -> Iterator[None]:
    """Leave the collector switched off while this lasts, and as it was afterwards: imports belong in here."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def keep_what_is_loaded(*, freeing: bool = False) -> None:
    """Call once when all is there that stays: no collection walks through it again. From here on there are some, of
    what comes: a process is loaded with the collector switched off, since it would find next to nothing each time.

    ``freeing``: what only circles of references hold goes first, which takes tens of milliseconds; for servers, which
    would keep it for ever.
    """
    if freeing:
        gc.collect()
    gc.freeze()
    gc.enable()
