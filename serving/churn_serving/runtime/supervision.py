"""Background tasks that do not die in silence.

A task that ends, by whatever exception, is logged, counted and started again after a pause; one that cannot be kept
alive is named by :attr:`Supervisor.failing`, so that whoever watches the process can replace it.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

PAUSES = (0.1, 0.5, 2.0, 10.0)
"""Seconds before each further start; the last one is repeated."""
FAILING_AFTER = 3
"""Endings in a row from which on a task counts as one that cannot be kept alive."""
STEADY_SECONDS = 30.0
"""A task that runs for so long is well again."""
_logger = logging.getLogger(__name__)
Work = Callable[[], Awaitable[None]]


class _Watched:
    """What is known of one task."""

    def __init__(self, *, vital: bool) -> None:
        self.vital = vital
        self.running = False
        self.endings = 0
        self.started = 0.0


class Supervisor:
    """The background tasks of one event loop; ``crashed`` is told the name of one that ended."""

    def __init__(
        self,
        crashed: Callable[[str], None],
        pauses: tuple[float, ...] = PAUSES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._crashed = crashed
        self._pauses = pauses
        self._clock = clock
        self._watched: dict[str, _Watched] = {}
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def failing(self) -> tuple[str, ...]:
        """Names of the vital tasks that ended several times in a row and have not run steadily since."""
        return tuple(name for name, watched in self._watched.items() if self._is_failing(watched))

    @property
    def running(self) -> dict[str, bool]:
        """Whether each task is at work rather than waiting to be started again; may be asked by any thread."""
        return {name: watched.running for name, watched in list(self._watched.items())}

    def start(self, name: str, work: Work, *, vital: bool = True) -> None:
        """Run ``work`` until :meth:`stop`, again and again; ``name`` is fit for a metric and for everybody's eyes.
        Where a new process would be no better off, since the work hangs on another, it is not ``vital``."""
        watched = self._watched[name] = _Watched(vital=vital)
        self._tasks.append(asyncio.create_task(self._keep(name, work, watched), name=name))

    async def stop(self) -> None:
        """End all tasks."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def _keep(self, name: str, work: Work, watched: _Watched) -> None:
        while True:
            watched.started = self._clock()
            watched.running = True
            try:
                await work()
                _logger.error("%s: ended, though it never should", name)
            except asyncio.CancelledError:
                if _is_cancelled_from_outside():
                    raise
                _logger.exception("%s: cancelled from within", name)
            except Exception:  # this is the place where what nobody foresaw is caught
                _logger.exception("%s: ended unexpectedly", name)
            watched.running = False
            self._crashed(name)
            if self._clock() - watched.started >= STEADY_SECONDS:
                watched.endings = 0
            watched.endings += 1
            await asyncio.sleep(self._pauses[min(watched.endings, len(self._pauses)) - 1])

    def _is_failing(self, watched: _Watched) -> bool:
        return watched.vital and watched.endings >= FAILING_AFTER and self._clock() - watched.started < STEADY_SECONDS


def _is_cancelled_from_outside() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
