"""Packed files unpacked block by block, up to what a table may come to: a few kilobytes may hold terabytes.

What unpacks in memory (gzip, bzip2, xz, Zstandard, ZIP) holds a bounded part of it at a time. It must not know tables.
"""

import bz2
import errno
import gzip
import lzma
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from churn_data.errors import DataError, glimpse

FREE_OF_DOUBT = 256 << 20
"""Bytes that any packed file may unpack to."""
MOST_TIMES = 200
"""How many times its size a larger one may; tables come to 5 to 50 times, what is made to fill disks to thousands."""
XZ_MEMORY = 256 << 20
"""Bytes that an xz file may want for its dictionary: `xz -9` takes 65 MiB."""
_BLOCK = 1 << 20
_SHOWN = 4
_PACKED: dict[str, Callable[..., Any]] = {"gzip": gzip.open, "bzip2": bz2.open}


def room_of(path: Path) -> int:
    """How many bytes a file may unpack to, also where something packed is in it."""
    return max(FREE_OF_DOUBT, MOST_TIMES * path.stat().st_size)


def unpack(path: Path, kind: str, target: Path, room: int) -> None:
    """Write what is in a file that one of gzip, bzip2, xz, zstandard has packed.

    Raises:
        DataError: it is broken, or more than there is room for.
    """
    try:
        with closing(_blocks(path, kind)) as blocks:
            _write(blocks, path, target, room)
    except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
        problem = f"is compressed by {kind} and broken or cut off ({glimpse(str(error))}): copy it once more"
        raise _explained(error, path, target, problem) from None


def unzip(path: Path, is_wanted: Callable[[str], bool], target: Path, room: int) -> str:
    """Write the one file of an archive that is wanted.

    Returns:
        its name.

    Raises:
        DataError: there are none or several, the archive is broken, or more is in it than there is room for.
    """
    try:
        with ZipFile(path) as archive:
            names = [name for name in archive.namelist() if is_wanted(name)]
            if len(names) != 1:
                shown = ", ".join(map(glimpse, names[:_SHOWN])) + (", …" if len(names) > _SHOWN else "")
                found = f"holds {len(names)} tables ({shown})" if names else "holds no table"
                raise DataError(str(path), f"is a ZIP archive that {found}, one was expected: unpack it first")
            with archive.open(names[0]) as packed:
                _write(iter(lambda: packed.read(_BLOCK), b""), path, target, room)
    except (BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError) as error:
        problem = f"is a ZIP archive that cannot be unpacked ({glimpse(str(error))})"
        raise _explained(error, path, target, problem) from None
    return names[0]


def _write(blocks: Iterable[bytes], path: Path, target: Path, room: int) -> None:
    written = 0
    with target.open("wb") as stream:
        for block in blocks:
            written += len(block)
            if written > room:
                problem = f"unpacks to more than {MOST_TIMES} times its size and {room >> 20:,} MiB"
                raise DataError(str(path), f"{problem}, which no table does: unpack it first if it is one")
            stream.write(block)


def _explained(error: Exception, path: Path, target: Path, problem: str) -> DataError:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        full = f"unpacks to more than there is room for in {target.parent.parent}: set TMPDIR, or unpack it first"
        return DataError(str(path), full)
    if isinstance(error, lzma.LZMAError) and "emory" in str(error):
        problem = f"wants more than {XZ_MEMORY >> 20} MiB of memory to be unpacked: unpack it first"
    return DataError(str(path), problem)


def _blocks(path: Path, kind: str) -> Generator[bytes, None, None]:
    if kind == "xz":
        yield from _xz(path)
        return
    with _opened(path, kind) as stream:
        yield from iter(lambda: stream.read(_BLOCK), b"")


def _opened(path: Path, kind: str) -> Any:
    if kind == "zstandard":
        import pyarrow

        return pyarrow.CompressedInputStream(pyarrow.OSFile(str(path)), "zstd")
    return _PACKED[kind](path, "rb")


def _xz(path: Path) -> Iterator[bytes]:
    """What is in the streams of an xz file; the library's own reader takes whatever memory a file asks for."""
    with path.open("rb") as stream:
        raw = stream.read(_BLOCK)
        while raw:
            decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY)
            while True:
                yield decoder.decompress(raw, _BLOCK)
                if decoder.eof:
                    break
                raw = stream.read(_BLOCK) if decoder.needs_input else b""
                if decoder.needs_input and not raw:
                    raise EOFError("it ends early")
            raw = (decoder.unused_data or stream.read(_BLOCK)).lstrip(b"\0")
