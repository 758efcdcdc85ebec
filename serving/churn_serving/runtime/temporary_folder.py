"""A process's own folder for temporary files, which is removed even if the process was killed: by the next that starts.

Libraries make temporary folders and remove them when they end, and one that is killed never does. A folder that a
living process holds is locked; the lock goes with the process, however it ends. It knows nothing of what lies in it.
"""

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def own_temporary_folder(prefix: str) -> Iterator[Path]:
    """Until it is left, temporary files of this process and of those it starts go into a folder of their own, whose
    name begins with the prefix; those of that name that processes which are gone left behind are removed."""
    place = Path(tempfile.gettempdir())
    for each in place.glob(f"{prefix}*"):
        _remove_if_left(each)
    folder, lock = _locked(prefix, place)
    former, variable = tempfile.tempdir, os.environ.get("TMPDIR")
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
    try:
        yield folder
    finally:
        tempfile.tempdir = former
        if variable is None:
            os.environ.pop("TMPDIR", None)
        else:
            os.environ["TMPDIR"] = variable
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _locked(prefix: str, place: Path) -> tuple[Path, int]:
    """A new folder and what locks it, for as long as it is open."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
        lock = os.open(folder, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            return folder, lock
        os.close(lock)  # one that started in the same moment took it for left behind


def _remove_if_left(folder: Path) -> None:
    """Remove a folder of ours that no process holds; somebody else's, and links, are nobody's to touch."""
    with contextlib.suppress(OSError):
        found = folder.lstat()
        if found.st_uid != os.getuid() or not stat.S_ISDIR(found.st_mode):
            return
        lock = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(lock)
