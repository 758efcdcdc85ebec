"""Makes shared libraries smaller without moving anything that a process sees.

Two things go. Whatever follows the last segment: symbols and debug information, which the loader never reads (``strip``
would also move what is left, and breaks libraries that auditwheel has worked on). And in CatBoost's library the GPU
kernels, 220 of its 260 MB, which no processor runs: ``objcopy`` can forget that section but not give its bytes back,
since what follows must stay at its address. So the read-only segment that holds it is split; the loader fills the
section's pages with zeros, which cost neither disk nor memory.

No code and no address changes. A library that does not look exactly as expected is refused. That the result computes
the same bits is proven wherever a CatBoost package is opened, by its golden rows.
"""

import struct
from collections.abc import Callable
from dataclasses import astuple, dataclass, replace
from pathlib import Path

GPU_CODE = b".nv_fatbin"
PAGE = 0x1000
LOAD, PROGRAM_HEADERS, WRITABLE = 1, 6, 2


class Unexpected(Exception):
    """The library is not what this module can shorten; the message says why."""


@dataclass
class Segment:
    """One entry of the program header table, in the order of the file."""

    kind: int
    flags: int
    offset: int
    address: int
    physical: int
    size: int
    memory: int
    align: int

    LAYOUT = struct.Struct("<IIQQQQQQ")


@dataclass
class Header:
    """The beginning of a 64-bit little-endian ELF file."""

    identity: bytes
    kind: int
    machine: int
    version: int
    entry: int
    segments: int
    sections: int
    flags: int
    size: int
    segment_size: int
    segment_count: int
    section_size: int
    section_count: int
    names: int

    LAYOUT = struct.Struct("<16sHHIQQQIHHHHHH")


class Library:
    """A shared library as its header, its segments and its bytes."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        if content[:6] != b"\x7fELF\x02\x01":
            raise Unexpected("it is not a 64-bit little-endian ELF file")
        self.header = Header(*Header.LAYOUT.unpack_from(content))
        offsets = (self.header.segments + index * Segment.LAYOUT.size for index in range(self.header.segment_count))
        self.segments = [Segment(*Segment.LAYOUT.unpack_from(content, offset)) for offset in offsets]

    def section(self, wanted: bytes) -> tuple[int, int]:
        """Offset and size of a section."""
        header = self.header
        offsets = (header.sections + index * header.section_size for index in range(header.section_count))
        rows = [struct.unpack_from("<IIQQQQ", self.content, offset) for offset in offsets]
        for name, _, _, _, offset, size in rows:
            begin = rows[header.names][4] + name
            if self.content[begin : self.content.index(b"\0", begin)] == wanted:
                return offset, size
        raise Unexpected(f"it has no section {wanted.decode()}")

    def packed(self) -> bytes:
        """The file, up to the end of the last segment and without the table of sections."""
        header = replace(self.header, sections=0, section_count=0, names=0)
        body = bytearray(self.content[: max(segment.offset + segment.size for segment in self.segments)])
        Header.LAYOUT.pack_into(body, 0, *astuple(header))
        table = b"".join(Segment.LAYOUT.pack(*astuple(segment)) for segment in self.segments)
        body[header.segments : header.segments + len(table)] = table
        return bytes(body)


def without_symbols(content: bytes) -> bytes:
    """The library as the loader sees it.

    Raises:
        Unexpected: it is not a 64-bit little-endian ELF file.
    """
    return Library(content).packed()


def without_gpu_code(content: bytes) -> bytes:
    """The library without symbols and without the pages that hold nothing but GPU code.

    Raises:
        Unexpected: it has no such section, or not where it can be taken out.
    """
    library = Library(content)
    offset, size = library.section(GPU_CODE)
    first, last = -(-offset // PAGE) * PAGE, (offset + size) // PAGE * PAGE
    loaded = [one for one in library.segments if one.kind == LOAD]
    around = [one for one in loaded if one.offset <= first < last < one.offset + one.size]
    if len(around) != 1 or around[0].flags & WRITABLE or around[0].size != around[0].memory:
        raise Unexpected("its GPU code does not lie inside one read-only segment")
    # The table may not grow; the entry that describes the table itself means nothing in a shared library.
    spare = [one for one in library.segments if one.kind == PROGRAM_HEADERS]
    if len(spare) != 1:
        raise Unexpected("its table of segments has no entry to spare")
    whole = around[0]
    start, skip = first - whole.offset, last - whole.offset
    head = replace(whole, size=start, memory=skip)
    tail = replace(
        whole, offset=last, address=whole.address + skip, physical=whole.physical + skip,
        size=whole.size - skip, memory=whole.size - skip,
    )  # fmt: skip
    library.segments.remove(spare[0])
    place = library.segments.index(whole)
    library.segments[place : place + 1] = [head, tail]
    for segment in library.segments:
        if segment is not head and segment.offset >= last:
            segment.offset -= last - first
    library.content = content[:first] + content[last:]
    return library.packed()


def rewrite(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Change a library in place.

    Raises:
        Unexpected: it is left as it was.
    """
    try:
        content = change(path.read_bytes())
    except Unexpected as error:
        raise Unexpected(f"{path}: {error}") from error
    mode = path.stat().st_mode
    path.unlink()  # it may be shared with a cache by a hard link
    path.write_bytes(content)
    path.chmod(mode)
