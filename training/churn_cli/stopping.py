"""SIGTERM as an exception, so that what is open gets closed before a pod goes.

It must not decide what is closed, nor how the process ends.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Terminated(BaseException):
    """The process was told to end (SIGTERM). Like Ctrl-C it passes every `except Exception`."""


@contextmanager
def terminable() -> Iterator[None]:
    """Within the block SIGTERM raises Terminated, once; a second one does not disturb the tidying up.

    CatBoost looks for signals between trees but turns whatever a handler raises into KeyboardInterrupt, so that is
    Terminated too once a SIGTERM has come.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    told = False

    def tell(_number: int, _frame: FrameType | None) -> None:
        nonlocal told
        told = True
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Terminated

    former = signal.signal(signal.SIGTERM, tell)
    try:
        yield
    except KeyboardInterrupt:
        if told:
            raise Terminated from None
        raise
    finally:
        signal.signal(signal.SIGTERM, former)
