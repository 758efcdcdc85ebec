"""Free ports for processes that tests start, never the same one for two test processes at once.

The kernel's own choice is not enough when tests run side by side: it gives a port that nothing listens on, and until
the server that it is for listens there, the kernel may give it again, to another test or to an outgoing connection.
These lie below the kernel's, and each is claimed by a lock on a file, which ends with the process at the latest.
"""

import collections
import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path

# Above usual defaults; below Kubernetes' node ports and what Linux gives to outgoing connections.
_RANGE = range(12400, 30000)
_CHOICE = random.Random()
# A claim is needed until the server listens; files may not be kept open without end.
_CLAIMS: collections.deque[int] = collections.deque()
_MOST_CLAIMS = 64


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on and that no other test process was given just now."""
    while True:
        port = _CHOICE.choice(_RANGE)
        if _claimed(port) and _unused(port):
            return port


def free_ports_in_a_row(count: int) -> int:
    """The first of so many ports that follow each other, each as :func:`free_port` gives it."""
    while True:
        first = _CHOICE.choice(_RANGE[:-count])
        if all(_claimed(port) and _unused(port) for port in range(first, first + count)):
            return first


def _claimed(port: int) -> bool:
    folder = Path(tempfile.gettempdir(), f"churn-test-ports-{os.getuid()}")
    folder.mkdir(exist_ok=True)
    file = os.open(folder / str(port), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return False
    _CLAIMS.append(file)
    if len(_CLAIMS) > _MOST_CLAIMS:
        os.close(_CLAIMS.popleft())
    return True


def _unused(port: int) -> bool:
    """Nothing listens there, on any address of this machine."""
    with socket.socket() as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
        return True
