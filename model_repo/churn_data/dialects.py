"""How a text file is written: its encoding and what separates its fields; recognised, or given.

It looks at bytes and fields; what columns mean is nobody's business here, nor what numbers are (decimal_signs.py).
"""

import codecs
import csv
import re
import shlex
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from churn_data.errors import DataError
from churn_data.notices import Notices
from churn_data.unmarked_texts import BLOCK, UTF8, code_page_in

Decimal = Literal[".", ","]
TAB = "\t"
DELIMITERS = {
    ",": "commas", ";": "semicolons", TAB: "tabs", "|": "bars",
    "\uff0c": "full-width commas", "\uff1b": "full-width semicolons",
}  # fmt: skip
_SAMPLED_RECORDS = 200
_CONSISTENT = 0.75
"""Share of records that must have as many fields as the header before a delimiter is believed."""
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_NAMES = {
    "utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "iso8859_2": "ISO-8859-2", "koi8_r": "KOI8-R",
    "cp866": "code page 866", **{f"cp{number}": f"Windows-{number}" for number in range(1250, 1258)},
}  # fmt: skip
_HINT = re.compile(r'"?sep=(.)"?\r?\n')


@dataclass(frozen=True)
class FileForm:
    """What somebody says about a file; None is for us to recognise. ``encoding`` is any name that Python knows,
    ``sheet`` is one of a workbook's."""

    delimiter: str | None = None
    decimal: Decimal | None = None
    encoding: str | None = None
    sheet: str | None = None

    @property
    def options(self) -> str:
        """The same as options of a command line, with a blank before each; empty where nothing was said."""
        said = (
            ("delimiter", self.delimiter), ("decimal", self.decimal), ("encoding", self.encoding), ("sheet", self.sheet)
        )  # fmt: skip
        return "".join(f" --{name} {shlex.quote('tab' if text == TAB else text)}" for name, text in said if text)


RECOGNISED = FileForm()
FORM: ContextVar[FileForm] = ContextVar("FORM", default=RECOGNISED)
"""What a command line says about every file that its command reads."""


@contextmanager
def reading_as(form: FileForm) -> Iterator[None]:
    """Read files in this form in the block. A command reads files by several hands, none of whom has a say in it."""
    token = FORM.set(form)
    try:
        yield
    finally:
        FORM.reset(token)


@dataclass(frozen=True)
class Encoding:
    """A codec's name, the bytes at the start of the file that are a mark of it, and how many bytes there are up to the
    end of the text (None: all)."""

    codec: str
    mark: int = 0
    end: int | None = None

    @property
    def words(self) -> str:
        """Its name for people."""
        return _NAMES.get(self.codec, self.codec)


def encoding_of(path: Path, form: FileForm, notices: Notices) -> Encoding:
    """The file's encoding: as given, by its mark, else UTF-8 if it is that, else a code page that is said.

    Raises:
        DataError: the encoding that was given is none.
    """
    if form.encoding is not None:
        return _given(form.encoding, path)
    with path.open("rb") as stream:
        start = stream.read(BLOCK)
        for mark, codec in _MARKS.items():
            if start.startswith(mark):
                return _told(Encoding(codec, _marks(start, mark)), notices)
        # A header is UTF-16 as a whole; a lone zero further on belongs to the text of a cell.
        if b"\0" in start.partition(b"\n")[0]:
            zeros = Counter(position % 2 for position, byte in enumerate(start[:4096]) if byte == 0)
            return _told(Encoding("utf-16-le" if zeros[1] >= zeros[0] else "utf-16-be"), notices)
    page = code_page_in(path)
    if page == UTF8:
        return Encoding(page.codec)
    by = f" by its words, which are {page.language}" if page.language else ""
    text = f"is not UTF-8, read as {_NAMES[page.codec]}{by}; another one can be named by --encoding"
    notices.tell("encoding", text)
    return Encoding(page.codec)


def _told(encoding: Encoding, notices: Notices) -> Encoding:
    if encoding.codec != "utf-8":
        notices.tell("encoding", f"read as {encoding.words}")
    return encoding


def _given(name: str, path: Path) -> Encoding:
    try:
        codec = codecs.lookup(name).name
        "".encode(codec)
    except (LookupError, TypeError):
        raise DataError("--encoding", f'"{name}" is no encoding of texts, e.g. utf-8, windows-1252') from None
    with path.open("rb") as stream:
        start = stream.read(16)
    if codec == "utf-16":
        codec = "utf-16-be" if start.startswith(codecs.BOM_UTF16_BE) else "utf-16-le"
    marks = {found: mark for mark, found in _MARKS.items()}
    codec = {"utf-8-sig": "utf-8"}.get(codec, codec)
    return Encoding(codec, _marks(start, marks[codec]) if codec in marks else 0)


def _marks(start: bytes, mark: bytes) -> int:
    """How many bytes marks take, of which a file that was joined or written twice has several."""
    count = 0
    while start.startswith(mark, count):
        count += len(mark)
    return count


def delimiter_of(sample: str, form: FileForm, notices: Notices) -> tuple[str, int]:
    """What separates fields, and how many characters at the start of the text are a line that only says so.

    Raises:
        DataError: what was given separates nothing.
    """
    hint = _HINT.match(sample)
    skipped = hint.end() if hint else 0
    if form.delimiter is not None:
        if len(form.delimiter) != 1 or form.delimiter in '"\r\n':
            raise DataError("--delimiter", 'one character was expected, e.g. ";" or "tab"')
        return form.delimiter, skipped
    if hint and hint[1] in DELIMITERS:
        delimiter = hint[1]
    else:
        rest = sample[skipped:]
        delimiter = max(DELIMITERS, key=lambda each: (_fields(rest, each), _fields_below(rest, each)))
    if delimiter != ",":
        notices.tell("delimiter", f"fields are separated by {DELIMITERS[delimiter]}")
    return delimiter, skipped


def _fields(sample: str, delimiter: str) -> int:
    """Fields of the header if most records have as many, else 1."""
    sizes = [len(record) for record in islice(records_of(sample, delimiter), _SAMPLED_RECORDS) if record]
    if not sizes or sizes[0] < 2:  # noqa: PLR2004 - nothing is separated
        return 1
    like = sum(sizes[0] <= size <= sizes[0] + 1 for size in sizes)
    return sizes[0] if like >= _CONSISTENT * len(sizes) else 1


def _fields_below(sample: str, delimiter: str) -> int:
    """Fields of most records, whatever the first ones have: titles or comments may stand above a header."""
    sizes = Counter(len(record) for record in islice(records_of(sample, delimiter), _SAMPLED_RECORDS) if record)
    size = max(sizes, key=lambda each: (sizes[each], each), default=1)
    return size if sizes[size] + sizes[size + 1] >= _CONSISTENT * sizes.total() else 1


def records_of(sample: str, delimiter: str) -> Iterator[list[str]]:
    """The records of a text that may end in the middle of one, which is left out with all that cannot be read."""
    lines = sample.splitlines(keepends=True)
    reader = csv.reader(lines[:-1] if len(sample) >= BLOCK // 2 else lines, delimiter=delimiter)
    try:
        yield from reader
    except csv.Error:
        return
