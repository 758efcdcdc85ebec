"""Reading large bodies and writing large answers beside the event loop, so that one request holds up no other.

One thread: Python computes on one at a time, and a second would only take turns with the loop as well. What waits for
it is bounded, since each waiting body is memory. It must not know what is read or written.
"""

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from churn_serving.core.errors import Overloaded

LARGE_BYTES = 64 * 1024
"""A body up to this is read on the loop: 0.3 ms for a sound one, less than going to a thread and back under load."""
LARGE_ROWS = 128
"""An answer up to this is written on the loop."""
_MAXIMUM_WAITING = 16
"""Bodies being read or waiting for it; of 2 MiB each, 32 MiB in all."""
_SWITCH_SECONDS = 0.0005
"""How long the thread computes on when the loop has something to do; Python's own 5 ms would be the loop's p99."""
Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class LargeWork:
    """A thread beside one event loop; ``shed`` is told the reason of each refusal."""

    def __init__(self, shed: Callable[[str], None]) -> None:
        self._shed = shed
        self._waiting = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="large-work")
        sys.setswitchinterval(_SWITCH_SECONDS)

    async def read(
        self, function: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        """What ``function`` makes of a body; what it raises is raised here.

        Raises:
            Overloaded: too many bodies wait already.
        """
        if self._waiting >= _MAXIMUM_WAITING:
            self._shed("bodies_full")
            raise Overloaded("bodies_full")
        self._waiting += 1
        try:
            return await self.write(function, *args, **kwargs)
        finally:
            self._waiting -= 1

    async def write(
        self, function: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        """An answer that ``function`` makes; never refused, since its request was let in and scored."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: function(*args, **kwargs))

    def close(self) -> None:
        """Do not begin anything more."""
        self._thread.shutdown(wait=False, cancel_futures=True)
